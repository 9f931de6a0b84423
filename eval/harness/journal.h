// SPDX-License-Identifier: Apache-2.0
// OUT.journal: the clips that a run of `eval` has finished, so that --resume goes on with them.
// Lines of JSON: the settings' hash, then one per clip.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>

#include "eval/harness/score_clip.h"

namespace pluvia {

/// Refuses a journal of clips that were scored with other settings, and one of these settings
/// unless the run goes on with it. In a journal without clips there is nothing to lose.
void check_journal(const std::filesystem::path& file, const std::string& settings, bool resume);

class Journal {
 public:
  /// Knows the clips of the file that is there where the run goes on, and writes it anew.
  Journal(std::filesystem::path file, std::string settings, bool resume);

  bool empty() const { return !any_; }
  const ClipResult* find(const std::string& clip) const;
  /// From any thread.
  void add(const ClipResult& result);
  void remove();

 private:
  std::filesystem::path file_;
  std::mutex mutex_;
  bool any_ = false;
  std::map<std::string, ClipResult> done_;
};

}  // namespace pluvia
