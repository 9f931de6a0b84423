// SPDX-License-Identifier: Apache-2.0
// The network in training, scored on a set by a protocol: the same code and the same record as
// `eval`, kept in RUN/validation/<iteration>.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "eval/train/train_log.h"
#include "eval/train/trainer.h"

namespace pluvia {

struct Validation {
  LogValues means;
  double score = 0;  ///< the protocol's first metric
  bool higher_is_better = true;
  std::string summary;
  std::vector<std::filesystem::path> pictures;

  bool better_than(double other) const { return higher_is_better ? score > other : score < other; }
};

/// Everything that validation will need is there; an Error says what is not, before training
/// starts.
void check_validation(const TrainRequest& request);

/// JSON: what decides the scores: contents of the clips and the protocol.
std::string validation_identity(const TrainRequest& request);

Validation run_validation(const TrainRequest& request, Training& training, std::int64_t iteration);

}  // namespace pluvia
