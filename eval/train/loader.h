// SPDX-License-Identifier: Apache-2.0
// Batches ahead of the trainer: threads of their own read and render samples, augment them and hand
// them over in order. A batch depends on (seed, iteration) alone, so neither the number of threads
// nor a restart changes it.
#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "eval/train/training_source.h"
#include "models/training/training.h"

namespace pluvia {

struct LoaderOptions {
  std::uint64_t seed = 0;
  std::int64_t first = 0;  ///< iteration to start with
  std::int64_t end = 0;    ///< one past the last
  int batch = 1;
  int crops_per_window = 1;
  Augment augment;
  int threads = 1;
  int ahead = 3;  ///< batches held ready
};

/// Batch of iteration k, made at once. With c crops a window, c batches in a row share their
/// windows and take one crop of each, so that a batch has no two crops of one window.
TrainingBatch make_batch(const TrainingSource& source, const LoaderOptions& options,
                         std::int64_t iteration);

class Loader {
 public:
  Loader(const TrainingSource& source, const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Batches of iterations first, first + 1, ... Throws what making one threw.
  TrainingBatch next();
  /// Time that `next` has waited so far.
  double waited_s() const { return waited_s_; }

 private:
  void run();

  const TrainingSource& source_;
  LoaderOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, std::vector<TrainingBatch>> ready_;  ///< by group of iterations
  std::int64_t next_group_ = 0;
  std::int64_t wanted_ = 0;
  std::exception_ptr error_;
  bool stopping_ = false;
  double waited_s_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace pluvia
