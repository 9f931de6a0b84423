// SPDX-License-Identifier: Apache-2.0
// Checkpoints of a training run: RUN/checkpoints/<iteration>/ with weights.safetensors (what derain
// and eval take), state.safetensors (optimizer, averages) and state.json (iteration, settings, best
// score, hashes of the other two; random state: none, since every draw is a function of seed and
// iteration). A checkpoint is written beside its place and renamed, so it is there whole or not at
// all; a full disk leaves the one before it valid, and one that was damaged later is passed over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor_file/tensors.h"

namespace pluvia {

struct Checkpoint {
  std::int64_t iteration = 0;  ///< steps done
  std::string settings;        ///< JSON: network, schedule, data: what must be equal to go on
  std::int64_t validated = 0;  ///< iteration of the last validation that was finished
  std::optional<double> best_score;
  std::int64_t best_iteration = 0;
  NamedTensors weights;
  NamedTensors state;
};

class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path run);

  /// Iterations of checkpoints, in order.
  std::vector<std::int64_t> iterations() const;
  /// The newest that can be read; a warning names those that cannot. Nothing when there is none, an
  /// Error when there are some and all are damaged.
  std::optional<Checkpoint> newest() const;
  /// Writes it, in the place of one of the same iteration, then removes all but the newest `keep`.
  void save(const Checkpoint& checkpoint, int keep);
  /// What a process that was killed while saving has left. For the holder of the run's lock.
  void remove_leftovers() const;
  /// RUN/weights.safetensors: the weights to use, those of the best validation so far or the
  /// newest.
  void publish_weights(const NamedTensors& weights, const std::string& description);

 private:
  std::filesystem::path place(std::int64_t iteration) const;
  Checkpoint read(std::int64_t iteration) const;

  std::filesystem::path run_;
  std::filesystem::path folder_;
};

}  // namespace pluvia
