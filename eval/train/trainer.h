// SPDX-License-Identifier: Apache-2.0
// A training run: batches from a source, steps of a network, checkpoints, validation, logs.
//
//   RUN/settings.json     network, schedule and data, complete: what --resume compares
//   RUN/log.jsonl         a line every few iterations and one per validation
//   RUN/events.out.*      the same for TensorBoard, with pictures
//   RUN/checkpoints/      the newest few, whole (eval/train/checkpoint.h)
//   RUN/weights.safetensors   the best so far by validation, else the newest
//   RUN/validation/       records of `eval`
//   RUN/replaced/         the run that was here before --force, until this one is whole
//
// The result depends on settings and seed alone: not on loader threads, and, on the CPU, not on how
// often the run was stopped and gone on with.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eval/train/training_source.h"
#include "models/training/training.h"

namespace pluvia {

struct TrainRequest {
  NetworkRequest network;
  Schedule schedule;
  std::string data;                         ///< SET.h5, or a recipe
  std::vector<std::string> data_overrides;  ///< of a recipe
  std::string split;                        ///< of a set; empty: "train" where there is one
  std::string out;
  std::string init;  ///< weights to start from, or empty
  std::vector<std::pair<std::string, std::string>>
      init_parts;          ///< part of the network, its weights
  std::string valid;       ///< set to validate on, or empty
  std::string protocol;    ///< that it is scored by
  int valid_clips = 0;     ///< the first so many clips; 0: all
  int loader_threads = 0;  ///< 0: a quarter of the cores, at least one
  bool resume = false;
  bool force = false;
  std::string generator;
};

struct TrainOutcome {
  std::int64_t iterations = 0;       ///< done in all
  double loss = 0;                   ///< mean of the last iterations
  std::optional<double> best_score;  ///< of validation
  double seconds = 0;
  double waiting_share = 0;  ///< of the time, for data
};

/// By its ending; what is none is a recipe.
bool is_set_file(const std::string& data);

/// Options that cannot go together, and what validation lacks: an Error before anything is made.
void check_train_request(const TrainRequest& request);

/// The schedule's crops are of a size that the network takes.
void check_crop(const MethodInfo& info, const Schedule& schedule);

TrainOutcome train(const TrainRequest& request);

}  // namespace pluvia
