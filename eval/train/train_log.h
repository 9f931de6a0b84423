// SPDX-License-Identifier: Apache-2.0
// What a training run says of itself: lines of JSON and TensorBoard events, together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "eval/train/tensorboard.h"

namespace pluvia {

using LogValues = std::vector<std::pair<std::string, double>>;

class TrainLog {
 public:
  /// Lines of steps after `first` and of validations after `validated`, which a run that is gone on
  /// with makes again, are dropped.
  TrainLog(const std::filesystem::path& run, std::int64_t first, std::int64_t validated);

  void add(std::int64_t iteration, const std::string& kind, const LogValues& values);
  void picture(std::int64_t iteration, const std::string& tag, const std::filesystem::path& png);

 private:
  std::filesystem::path file_;
  EventWriter events_;
};

}  // namespace pluvia
