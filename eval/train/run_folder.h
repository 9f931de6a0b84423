// SPDX-License-Identifier: Apache-2.0
// The folder of a training run: what the run was begun with, and who may write there.
//
// One process at a time holds the lock. --force moves the run that is there into RUN/replaced,
// where it stays until the new one is whole.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/file.h"
#include "eval/train/trainer.h"

namespace pluvia {

/// JSON: all that decides the weights.
std::string settings_of(const TrainRequest& request, const TrainingSource& source,
                        const Training& training);

/// JSON: for each loss that looks through a network, the hash of its weights or what stands for
/// them.
Json loss_networks(const Schedule& schedule);

/// Keys of two settings whose values are not equal.
std::vector<std::string> different_settings(const std::string& before, const std::string& now);

class RunFolder {
 public:
  /// The folder is new, or holds this very run, or holds one that is to be replaced: an Error of
  /// usage when it is none of these. With both --resume and --force this very run is gone on with
  /// and any other replaced.
  RunFolder(const TrainRequest& request, const std::string& settings);

  /// The run has done all of its iterations: what it replaces goes.
  void complete() const;

 private:
  void begin_anew(const std::string& settings) const;
  void set_aside() const;

  fs::path run_;
  std::optional<LockFile> lock_;
};

}  // namespace pluvia
