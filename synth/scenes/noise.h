// SPDX-License-Identifier: Apache-2.0
// Two tileable noise textures with a pyramid of averages: white (one independent value per texel)
// and fractal (octaves from 4 to 128 cells, amplitude falling as one over frequency^0.8).
// Trilinear look-up; detail finer than the asked width fades to the mean 0.5.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/scenes/geometry.h"

namespace pluvia::synth::scenes {

class NoiseMap {
 public:
  static constexpr int kSize = 256;  ///< texels a period

  explicit NoiseMap(std::vector<float> finest);
  /// At (u, v) in texels, averaged over about `width` texels.
  float at(float u, float v, float width) const;

 private:
  float bilinear(int level, float u, float v) const;
  std::vector<std::vector<float>> levels_;
};

struct Textures {
  explicit Textures(std::uint64_t seed);
  NoiseMap white;
  NoiseMap fractal;
};

}  // namespace pluvia::synth::scenes
