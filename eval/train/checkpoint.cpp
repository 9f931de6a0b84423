// SPDX-License-Identifier: Apache-2.0
#include "eval/train/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/tensor_file/safetensors.h"
#include "core/text.h"

namespace pluvia {
namespace {

/// What a weights file says beside its tensors: the network and its options by themselves, which is
/// what reading it back needs, and all settings of the run.
std::map<std::string, std::string> metadata_of(const std::string& settings) {
  const Json json = parse_json(settings, "settings");
  return {{"network", json.value("network", "")},
          {"options", json.value("options", Json::object()).dump()},
          {"settings", settings}};
}

}  // namespace

CheckpointFolder::CheckpointFolder(std::filesystem::path run)
    : run_(std::move(run)), folder_(run_ / "checkpoints") {}

fs::path CheckpointFolder::place(std::int64_t iteration) const {
  char name[32];
  std::snprintf(name, sizeof name, "%09lld", static_cast<long long>(iteration));
  return folder_ / name;
}

std::vector<std::int64_t> CheckpointFolder::iterations() const {
  std::vector<std::int64_t> out;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, code)) {
    const auto number = parse_int(entry.path().filename().string());
    if (number) out.push_back(*number);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<Checkpoint> CheckpointFolder::newest() const {
  const std::vector<std::int64_t> all = iterations();
  if (all.empty()) return std::nullopt;
  const fs::path from = place(all.back());
  const fs::path file = from / "state.json";
  const Json json = parse_json(read_text(file), file.string());
  Checkpoint out;
  out.iteration = json.value("iteration", std::int64_t{-1});
  if (out.iteration != all.back()) {
    fail(file.string(), ": says iteration ", out.iteration, ", expected ", all.back());
  }
  out.settings = json.at("settings").dump();
  if (json.contains("best_score")) out.best_score = json["best_score"].get<double>();
  out.best_iteration = json.value("best_iteration", std::int64_t{0});
  out.weights = read_safetensors(from / "weights.safetensors").tensors;
  out.state = read_safetensors(from / "state.safetensors").tensors;
  return out;
}

void CheckpointFolder::save(const Checkpoint& checkpoint, int keep) {
  const fs::path to = place(checkpoint.iteration);
  const fs::path part = folder_ / ("part-" + std::to_string(::getpid()));
  std::error_code ignored;
  Json json = {{"iteration", checkpoint.iteration},
               {"best_iteration", checkpoint.best_iteration},
               {"settings", parse_json(checkpoint.settings, "settings")}};
  if (checkpoint.best_score) json["best_score"] = *checkpoint.best_score;
  try {
    fs::create_directories(part);
    write_safetensors(part / "weights.safetensors", checkpoint.weights,
                      metadata_of(checkpoint.settings));
    write_safetensors(part / "state.safetensors", checkpoint.state);
    write_text(part / "state.json", json.dump(1) + "\n");
    fs::remove_all(to);
    publish(part, to);
  } catch (...) {
    fs::remove_all(part, ignored);
    throw;
  }
  const std::vector<std::int64_t> all = iterations();
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep) < all.size(); ++i) {
    fs::remove_all(place(all[i]), ignored);
  }
}

void CheckpointFolder::publish_weights(const NamedTensors& weights,
                                       const std::string& description) {
  write_safetensors(run_ / "weights.safetensors", weights, metadata_of(description));
}

}  // namespace pluvia
