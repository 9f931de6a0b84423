// SPDX-License-Identifier: Apache-2.0
// A picture as light at all scales: what a wide, minifying optic (a drop) sees of it. Level k is
// the picture shrunk by 2^k, each pixel the mean of four. Beyond the frame the scene goes on: it is
// mirrored to the sides, and its last rows stretch upward (sky) and downward (road).
//
// Highlights of an 8-bit picture are clipped; `sky_gain` gives light to what is nearly white.
#pragma once

#include <vector>

#include "core/image.h"

namespace pluvia::synth {

struct Rgb {
  float r = 0;
  float g = 0;
  float b = 0;
};

class LightPyramid {
 public:
  /// Linear light, (H, W, 3); taken over as level 0 with the gain applied.
  LightPyramid(Image<float> light, float sky_gain);

  /// Light from pixel coordinates (x, y), averaged over about 2^level pixels; trilinear.
  Rgb sample(float x, float y, float level) const;
  int levels() const { return static_cast<int>(levels_.size()); }
  ImageView<const float> level(int k) const { return levels_[static_cast<std::size_t>(k)].view(); }

 private:
  Rgb bilinear(int level, float x, float y) const;

  std::vector<Image<float>> levels_;
};

}  // namespace pluvia::synth
