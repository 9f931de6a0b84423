// SPDX-License-Identifier: Apache-2.0
// Where training crops come from: the clips of a set, or rain that is rendered as it is needed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/rng.h"

namespace pluvia {

/// Size of a training sample.
struct SampleShape {
  int frames = 0;
  int height = 0;
  int width = 0;
};

/// Layers of some consecutive frames of one rectangle, as bytes (T, H, W, C), before augmentation.
struct TrainingSample {
  SampleShape shape;
  std::vector<std::pair<Layer, std::vector<std::uint8_t>>> layers;
};

class TrainingSource {
 public:
  virtual ~TrainingSource() = default;
  /// For logs: "vrds.h5: 72 clips, 7200 frames".
  virtual std::string describe() const = 0;
  /// JSON: what decides the samples.
  virtual std::string identity() const = 0;
  /// Frames that follow each other have nothing to do with each other.
  virtual bool of_pictures() const { return false; }
  /// Reads one window, drawn by `random` (particle 0), and cuts `crops` rectangles out of it.
  /// Safe from many threads; equal draws give equal samples.
  virtual std::vector<TrainingSample> visit(const Random& random, int crops) const = 0;
};

/// An Error when the set lacks a layer, the split is unknown or empty, or no clip is large and long
/// enough. `split` empty: "train" where the set has one, else all clips. `users` says of a layer
/// that is lacking which losses need it.
std::unique_ptr<TrainingSource> open_set_source(const std::string& path, const std::string& split,
                                                const LayerSet& layers, const SampleShape& shape,
                                                const std::function<std::string(Layer)>& users);

/// Rain over built-in scenes, drawn anew for every window; `overrides` as synth's --set. Scenes and
/// rain are numbered beyond the recipe's own clips, so that none of those is ever trained on.
std::unique_ptr<TrainingSource> open_recipe_source(const std::string& name_or_path,
                                                   const std::vector<std::string>& overrides,
                                                   const LayerSet& layers,
                                                   const SampleShape& shape);

}  // namespace pluvia
