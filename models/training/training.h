// SPDX-License-Identifier: Apache-2.0
// A network that learns, as the trainer sees it: without LibTorch, whose headers stay in the
// module.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clip.h"
#include "core/method.h"
#include "core/tensor_file/tensors.h"
#include "models/network.h"
#include "models/training/schedule.h"

namespace pluvia {

/// Crops for one step: each layer float32 (N, T, C, H, W), 0 to 1.
struct TrainingBatch {
  std::int64_t iteration = 0;
  int count = 0;
  int frames = 0;
  int height = 0;
  int width = 0;
  std::vector<std::pair<Layer, std::vector<float>>> layers;
};

struct TrainingStep {
  std::vector<std::pair<std::string, double>> losses;  ///< weighted, in the schedule's order
  double total = 0;
  double gradient_norm = 0;
  bool finite = true;  ///< loss and gradient; when not, the weights were left as they were
};

class Training {
 public:
  virtual ~Training() = default;
  /// One step of the optimizer at the iteration that the batch says.
  virtual TrainingStep step(const TrainingBatch& batch) = 0;
  /// The network as it would be used: averaged weights where the schedule asks for them.
  virtual Method& method() = 0;
  virtual NetworkDescription describe() const = 0;
  /// What `method` uses, under the network's keys.
  virtual NamedTensors weights() const = 0;
  /// All that a run needs to go on: weights, moments, averages, counters.
  virtual NamedTensors state() const = 0;
  virtual void restore(const NamedTensors& state, const std::string& place) = 0;
  /// Starts from these weights.
  virtual void init(const NamedTensors& weights, const std::string& place) = 0;
  /// Starts one part ("spynet") from these weights, which may be those of the part alone.
  virtual void init_part(const std::string& part, const NamedTensors& weights,
                         const std::string& place) = 0;
  /// What was put in the place of something missing (losses' networks without weights), for
  /// records.
  virtual std::vector<std::string> notes() const = 0;
};

}  // namespace pluvia
