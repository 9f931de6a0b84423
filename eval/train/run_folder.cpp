// SPDX-License-Identifier: Apache-2.0
#include "eval/train/run_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "eval/train/validation.h"

namespace pluvia {
namespace {

constexpr const char* kSettings = "settings.json";
constexpr const char* kLock = "lock";
constexpr const char* kReplaced = "replaced";
constexpr const char* kMoving = "replaced.part";

bool there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// What a run has put into its folder.
std::vector<fs::path> entries_of(const fs::path& run) {
  std::vector<fs::path> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(run)) {
    const std::string name = entry.path().filename().string();
    if (name != kLock && name != kReplaced && name != kMoving) out.push_back(entry.path());
  }
  // Settings last: while they are there, it is a run.
  std::stable_partition(out.begin(), out.end(),
                        [](const fs::path& path) { return path.filename() != kSettings; });
  return out;
}

void require_usable(const TrainRequest& request) {
  const fs::path run = request.out;
  if (request.out.empty()) fail_usage("--out: expected the name of a folder");
  if (!there(run)) return;
  if (!fs::is_directory(run)) {
    fail_usage("--out ", request.out, ": is a file, expected a folder or a new name");
  }
  if (!there(run / kSettings)) {
    if (entries_of(run).empty()) return;
    fail_usage("--out ", request.out, ": is not empty and holds no training run; choose another");
  }
  if (request.resume || request.force) return;
  fail_usage("--out ", request.out,
             " holds a training run; use --resume to go on with it or --force to begin anew");
}

}  // namespace

Json loss_networks(const Schedule& schedule) {
  Json out = Json::array();
  for (const LossTerm& term : schedule.losses) {
    const Json params = term.params.to_json();
    if (!params.contains("weights")) continue;
    const std::string weights = params["weights"].get<std::string>();
    out.push_back({{"loss", term.kind},
                   {"features", weights.empty() ? "fixed random" : sha256_of_file(weights)}});
  }
  return out;
}

std::string settings_of(const TrainRequest& request, const TrainingSource& source,
                        const Training& training) {
  Json init;
  if (!request.init.empty()) init = sha256_of_file(request.init);
  Json parts = Json::object();
  for (const auto& [part, file] : request.init_parts) parts[part] = sha256_of_file(file);
  Json validation;
  if (!request.valid.empty()) validation = parse_json(validation_identity(request), "validation");
  return Json{{"network", request.network.name},
              {"options", parse_json(training.describe().options, "options")},
              {"schedule_name", request.schedule.name},
              {"schedule", request.schedule.definition()},
              {"loss_networks", loss_networks(request.schedule)},
              {"data", parse_json(source.identity(), "data")},
              {"init_sha256", init},
              {"init_parts_sha256", parts},
              {"validation", validation},
              {"device", request.network.device}}
      .dump();
}

std::vector<std::string> different_settings(const std::string& before, const std::string& now) {
  const Json was = parse_json(before, "settings");
  const Json is = parse_json(now, "settings");
  std::vector<std::string> out;
  for (const auto& [key, value] : is.items()) {
    if (!was.is_object() || !was.contains(key) || was[key] != value) out.push_back(key);
  }
  return out;
}

RunFolder::RunFolder(const TrainRequest& request, const std::string& settings) : run_(request.out) {
  require_usable(request);
  require_writable_parent(run_);
  fs::create_directories(run_);
  lock_.emplace(run_ / kLock);
  const fs::path file = run_ / kSettings;
  if (there(file) && request.resume) {
    const std::string before =
        within("--resume", [&] { return parse_json(read_text(file), file.string()).dump(); });
    const std::vector<std::string> different = different_settings(before, settings);
    if (different.empty()) return;
    if (!request.force) {
      fail("--resume: ", request.out, " was started with another ", join(different, ", "),
           "; choose another --out or use --force");
    }
  }
  begin_anew(settings);
}

void RunFolder::begin_anew(const std::string& settings) const {
  if (there(run_ / kSettings)) set_aside();
  write_text(run_ / kSettings, parse_json(settings, "settings").dump(1) + "\n");
}

void RunFolder::complete() const {
  std::error_code ignored;
  fs::remove_all(run_ / kReplaced, ignored);
  fs::remove_all(run_ / kMoving, ignored);
}

/// Of two runs that are not whole the first stays: what is aside is older and may be.
void RunFolder::set_aside() const {
  if (there(run_ / kReplaced)) {
    for (const fs::path& entry : entries_of(run_)) fs::remove_all(entry);
    return;
  }
  fs::create_directories(run_ / kMoving);
  for (const fs::path& entry : entries_of(run_)) {
    fs::rename(entry, run_ / kMoving / entry.filename());
  }
  fs::rename(run_ / kMoving, run_ / kReplaced);
}

}  // namespace pluvia
