// SPDX-License-Identifier: Apache-2.0
#include "eval/train/overrides.h"

#include <algorithm>

#include "models/training/schedule.h"

namespace pluvia {
namespace {

bool is_schedule_key(const std::string& key) {
  const auto rows = run_param_table();
  return key.starts_with("optimizer.") || key.starts_with("learning_rate.") ||
         std::any_of(rows.begin(), rows.end(), [&](const Param& row) { return key == row.name; });
}

}  // namespace

TrainOverrides sort_overrides(const std::vector<std::string>& pairs) {
  TrainOverrides out;
  for (const std::string& pair : pairs) {
    if (pair.starts_with("data.")) {
      out.data.push_back(pair.substr(5));
    } else if (pair.starts_with("network.")) {
      out.network.push_back(pair.substr(8));
    } else if (is_schedule_key(pair.substr(0, pair.find('=')))) {
      out.schedule.push_back(pair);
    } else {
      out.network.push_back(pair);
    }
  }
  return out;
}

}  // namespace pluvia
