// SPDX-License-Identifier: Apache-2.0
#include "eval/train/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/tensor_file/safetensors.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr const char* kTensorFiles[] = {"weights.safetensors", "state.safetensors"};

/// What a weights file says beside its tensors: the network and its options by themselves, which is
/// what reading it back needs, and all settings of the run.
std::map<std::string, std::string> metadata_of(const std::string& settings) {
  const Json json = parse_json(settings, "settings");
  return {{"network", json.value("network", "")},
          {"options", json.value("options", Json::object()).dump()},
          {"settings", settings}};
}

/// A folder cannot be renamed onto another: one that is there steps aside first.
void put_in_place(const fs::path& part, const fs::path& to) {
  const fs::path old = part.string() + "-old";
  std::error_code ignored;
  fs::remove_all(old, ignored);
  if (fs::exists(to, ignored)) fs::rename(to, old);
  publish(part, to);
  fs::remove_all(old, ignored);
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

Checkpoint CheckpointFolder::read(std::int64_t iteration) const {
  const fs::path from = place(iteration);
  const fs::path file = from / "state.json";
  const Json json = parse_json(read_text(file), file.string());
  Checkpoint out;
  out.iteration = json.value("iteration", std::int64_t{-1});
  if (out.iteration != iteration) {
    fail(file.string(), ": says iteration ", out.iteration, ", expected ", iteration);
  }
  for (const char* name : kTensorFiles) {
    const std::string said = json.at("sha256").value(name, "");
    if (sha256_of_file(from / name) != said) {
      fail((from / name).string(), ": is not what was saved (its SHA-256 is another)");
    }
  }
  out.settings = json.at("settings").dump();
  out.validated = json.value("validated", std::int64_t{0});
  if (json.contains("best_score")) out.best_score = json["best_score"].get<double>();
  out.best_iteration = json.value("best_iteration", std::int64_t{0});
  out.weights = read_safetensors(from / kTensorFiles[0]).tensors;
  out.state = read_safetensors(from / kTensorFiles[1]).tensors;
  return out;
}

std::optional<Checkpoint> CheckpointFolder::newest() const {
  const std::vector<std::int64_t> all = iterations();
  std::string first_problem;
  for (auto iteration = all.rbegin(); iteration != all.rend(); ++iteration) {
    std::string problem;
    try {
      return read(*iteration);
    } catch (const Error& error) {
      problem = error.what();
    } catch (const Json::exception& error) {
      problem = cat((place(*iteration) / "state.json").string(), ": ", error.what());
    }
    warn(cat("checkpoint ", *iteration, " cannot be used: ", problem));
    if (first_problem.empty()) first_problem = problem;
  }
  if (all.empty()) return std::nullopt;
  fail("--resume: no checkpoint in ", folder_.string(), " can be used: ", first_problem,
       "; use --force to begin anew");
}

void CheckpointFolder::save(const Checkpoint& checkpoint, int keep) {
  const fs::path part = folder_ / ("part-" + std::to_string(::getpid()));
  std::error_code ignored;
  Json json = {{"iteration", checkpoint.iteration},
               {"validated", checkpoint.validated},
               {"best_iteration", checkpoint.best_iteration},
               {"settings", parse_json(checkpoint.settings, "settings")}};
  if (checkpoint.best_score) json["best_score"] = *checkpoint.best_score;
  try {
    fs::create_directories(part);
    write_safetensors(part / kTensorFiles[0], checkpoint.weights, metadata_of(checkpoint.settings));
    write_safetensors(part / kTensorFiles[1], checkpoint.state);
    for (const char* name : kTensorFiles) json["sha256"][name] = sha256_of_file(part / name);
    write_text(part / "state.json", json.dump(1) + "\n");
    put_in_place(part, place(checkpoint.iteration));
  } catch (...) {
    fs::remove_all(part, ignored);
    throw;
  }
  std::vector<std::int64_t> all = iterations();
  // Later ones were damaged and passed over: they must not push out what is whole.
  for (; all.back() > checkpoint.iteration; all.pop_back()) {
    fs::remove_all(place(all.back()), ignored);
  }
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep) < all.size(); ++i) {
    fs::remove_all(place(all[i]), ignored);
  }
}

void CheckpointFolder::remove_leftovers() const {
  std::error_code ignored;
  std::vector<fs::path> left;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, ignored)) {
    if (entry.path().filename().string().starts_with("part-")) left.push_back(entry.path());
  }
  for (const fs::path& path : left) fs::remove_all(path, ignored);
}

void CheckpointFolder::publish_weights(const NamedTensors& weights,
                                       const std::string& description) {
  write_safetensors(run_ / "weights.safetensors", weights, metadata_of(description));
}

}  // namespace pluvia
