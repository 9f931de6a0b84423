// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/journal.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "eval/harness/run_writer.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

struct Content {
  std::string settings;
  std::map<std::string, ClipResult> clips;
};

/// Up to a line that was being appended when the run was stopped.
Content content_of(const fs::path& file) {
  Content content;
  std::ifstream in(file);
  std::string line;
  std::getline(in, content.settings);
  while (std::getline(in, line)) {
    try {
      ClipResult result = clip_result_of(Json::parse(line));
      content.clips[result.scores.name] = std::move(result);
    } catch (const std::exception&) {
      break;
    }
  }
  return content;
}

}  // namespace

void check_journal(const fs::path& file, const std::string& settings, bool resume) {
  const Content content = content_of(file);
  if (content.clips.empty()) return;
  const std::string holds = counted(content.clips.size(), "clip");
  if (content.settings != settings && resume) {
    fail("resuming ", file.string(), ": its ", holds,
         " were scored with another method, data set, protocol, selection or --save, or their "
         "predictions have changed since; --force starts anew without them, another --out keeps "
         "them");
  }
  if (content.settings != settings) {
    fail_usage(file.string(), " holds ", holds,
               " of a run that was stopped, with another method, data "
               "set, protocol, selection or --save; --force starts anew without them, another "
               "--out keeps them");
  }
  if (!resume) {
    fail_usage(file.string(), " holds ", holds,
               ": this run was stopped; --resume goes on with it, "
               "--force starts anew");
  }
}

Journal::Journal(fs::path file, std::string settings, bool resume) : file_(std::move(file)) {
  Content before = resume ? content_of(file_) : Content();
  if (before.settings == settings) done_ = std::move(before.clips);
  any_ = !done_.empty();
  std::string text = settings + "\n";
  for (const auto& [name, result] : done_) text += json_text(clip_result_json(result)) + "\n";
  write_text(file_, text);
}

const ClipResult* Journal::find(const std::string& clip) const {
  const auto at = done_.find(clip);
  return at == done_.end() ? nullptr : &at->second;
}

void Journal::add(const ClipResult& result) {
  const std::scoped_lock lock(mutex_);
  append_line(file_, json_text(clip_result_json(result)));
  any_ = true;
}

void Journal::remove() {
  std::error_code ignored;
  fs::remove(file_, ignored);
}

}  // namespace pluvia
