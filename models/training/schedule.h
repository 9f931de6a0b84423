// SPDX-License-Identifier: Apache-2.0
// A training schedule as data (manifests/schedules/*.json): everything that decides what a training
// run does besides the network and the data. docs/training.md describes the fields.
//
//   {"iterations": 300000, "batch": 8, "frames": 5, "crop_px": 256,
//    "augment": ["flip-x", "flip-y", "transpose"],
//    "optimizer": {"kind": "adam", "learning_rate": 4e-4},
//    "learning_rate": {"kind": "poly", "power": 1, "least": 1e-9, "warmup_iterations": 2000},
//    "losses": [{"kind": "charbonnier", "output": "clean", "target": "gt", "weight": 1}]}
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/params.h"

namespace pluvia {

/// A loss that a schedule may ask for.
struct LossKind {
  const char* name;
  const char* help;
  std::span<const Param> params;
  /// Layers that it reads beside its target.
  std::vector<Layer> (*reads)();
};
std::span<const LossKind> all_losses();

struct LossTerm {
  std::string kind;
  std::string output;  ///< "clean", or a layer that the network predicts: "drop", "mask", "streak"
  Layer target = Layer::kGt;
  double weight = 1;
  Params params;
};

/// Parameters whose names contain a word learn in their own way.
struct ParameterGroup {
  std::string contains;
  double rate_factor = 1;
  std::int64_t frozen_iterations = 0;  ///< no gradient before this iteration
};

struct Augment {
  bool flip_x = false;
  bool flip_y = false;
  bool transpose = false;
};

struct Schedule {
  std::string name;
  std::string title;
  std::string note;
  std::vector<std::string> used_by;
  std::vector<std::string> pretrained;  ///< parts of the network that begin with published weights
  std::map<std::string, std::string> network;  ///< JSON options of a network, by its name
  Params run;                                  ///< run_param_table()
  Params optimizer;                            ///< optimizer_param_table()
  Params learning_rate;                        ///< learning_rate_param_table()
  Augment augment;
  std::vector<ParameterGroup> groups;
  std::vector<LossTerm> losses;

  Schedule();

  /// Layers that the data must have: lq, and what losses read.
  LayerSet needs() const;
  /// The losses that need this layer, for errors: "bce, hole".
  std::string users_of(Layer layer) const;
  /// At 0-based iteration k, for the parameters of a group with this factor.
  double rate_at(std::int64_t k, double factor = 1) const;
  /// All that decides the result, defaults written out.
  Json definition() const;
  std::string sha256() const;
};

std::span<const Param> run_param_table();
std::span<const Param> optimizer_param_table();
std::span<const Param> learning_rate_param_table();

/// Strict: a key that nobody knows is an Error that names the nearest one.
Schedule parse_schedule(const Json& json, const std::string& place);
/// A file's path or the name of one that ships, with "key=value" overrides: "iterations=100",
/// "optimizer.learning_rate=1e-3".
Schedule load_schedule(const std::string& name_or_path, const std::vector<std::string>& overrides);

}  // namespace pluvia
