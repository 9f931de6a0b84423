// SPDX-License-Identifier: Apache-2.0
// What drops too small or too far to be drawn do to the scene: V = B exp(-tau) + A (1 - exp(-tau)),
// tau the integral of beta(z) = q_ext * cross-section of the drops below min_width z / f, so that
// no drop counts twice; mist adds a constant. A is the mean light of the brightest part of the
// scene's upper half.
#pragma once

#include <array>

#include "core/image.h"
#include "synth/drop_sizes.h"
#include "synth/effects/light_pyramid.h"

namespace pluvia::synth {

struct VeilField {
  double q_ext = 1.5;  ///< extinction efficiency as a camera sees it
  double mist_per_km = 0;
  double min_width_px = 0.5;  ///< narrower drops are veil
  double focal_px = 1000;
};

class Veil {
 public:
  Veil(const DropSizes& sizes, const VeilField& field);

  /// exp(-tau) at depth z; infinity means kSkyM.
  float transmission(float z_m) const;

  static constexpr double kSkyM = 3000;  ///< beyond, haze is part of the clean picture already

 private:
  static constexpr int kEntries = 512;  ///< over the square root of depth
  std::array<float, kEntries + 1> transmission_{};
};

/// Mean of the brighter half of a coarse level's upper half.
Rgb airlight(const LightPyramid& scene);

/// Depth of pictures that come without: a street, seen from 1.4 m above it, with walls 9 m to both
/// sides and an end at 80 m.
Image<float> assumed_depth(int height, int width, double focal_px);

}  // namespace pluvia::synth
