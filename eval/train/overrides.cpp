// SPDX-License-Identifier: Apache-2.0
#include "eval/train/overrides.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "models/any_method.h"
#include "models/nets/nets.h"

namespace pluvia {
namespace {

std::string key_of(const std::string& pair) { return pair.substr(0, pair.find('=')); }

bool is_schedule_key(const std::string& key) {
  const auto rows = run_param_table();
  return key.starts_with("optimizer.") || key.starts_with("learning_rate.") ||
         key.starts_with("losses.") ||
         std::any_of(rows.begin(), rows.end(), [&](const Param& row) { return key == row.name; });
}

bool is_network_key(const std::string& pair) {
  return !pair.starts_with("data.") && !pair.starts_with("network.") &&
         !is_schedule_key(key_of(pair));
}

std::vector<std::string> schedule_keys() {
  std::vector<std::string> keys;
  for (const Param& row : run_param_table()) keys.emplace_back(row.name);
  for (const Param& row : optimizer_param_table()) keys.push_back(cat("optimizer.", row.name));
  for (const Param& row : learning_rate_param_table()) {
    keys.push_back(cat("learning_rate.", row.name));
  }
  return keys;
}

std::vector<std::string> keys_of_network(const std::string& name) {
  std::vector<std::string> keys = {"seed", "allow_nonfinite"};
  const Json options =
      parse_json(make_network({name})->describe(1, 64, 64).options, "options of " + name);
  for (const auto& item : options.items()) keys.push_back(item.key());
  return keys;
}

}  // namespace

TrainOverrides sort_overrides(const std::vector<std::string>& pairs) {
  TrainOverrides out;
  for (const std::string& pair : pairs) {
    if (pair.starts_with("data.")) {
      out.data.push_back(pair.substr(5));
    } else if (pair.starts_with("network.")) {
      out.network.push_back(pair.substr(8));
    } else if (is_schedule_key(key_of(pair))) {
      out.schedule.push_back(pair);
    } else {
      out.network.push_back(pair);
    }
  }
  return out;
}

std::string options_of_training(const Schedule& schedule, const std::string& network,
                                const std::vector<std::string>& pairs) {
  Json out = Json::object();
  const auto own = schedule.network.find(network);
  if (own != schedule.network.end()) out = parse_json(own->second, "network of " + schedule.name);
  out.update(parse_json(options_json(pairs), "options"));
  return out.dump();
}

void require_known_overrides(const std::vector<std::string>& pairs, const std::string& network) {
  std::vector<std::string> unsure;
  std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(unsure), is_network_key);
  if (unsure.empty()) return;
  const std::vector<std::string> own = keys_of_network(network);
  std::vector<std::string> known = schedule_keys();
  known.insert(known.end(), own.begin(), own.end());
  for (const std::string& pair : unsure) {
    const std::string key = key_of(pair);
    if (std::find(own.begin(), own.end(), key) != own.end()) continue;
    fail_usage("--set ", pair, ": neither the schedule nor ", network, " has a key '", key, "'",
               did_you_mean(key, known));
  }
}

}  // namespace pluvia
