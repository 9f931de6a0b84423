// SPDX-License-Identifier: Apache-2.0
// Lobes made ready for drawing, on the host.
#include <algorithm>
#include <cmath>

#include "core/exact_float.h"
#include "synth/effects/glass_draw.h"
#include "synth/effects/glass_face.h"

namespace pluvia::synth {

int finest_level(std::span<const Lobe> lobes, double focal_px, int scale) {
  float least = static_cast<float>(kCoarsestFirst);
  for (const Lobe& lobe : lobes) {
    const float minified =
        least_minification(lobe.sin_contact, lobe.radius_px, static_cast<float>(focal_px));
    least = std::min(least, exact::rough_log2(minified * static_cast<float>(scale)));
  }
  return static_cast<int>(std::max(0.0F, least));
}

Box reach_of(const Lobe& lobe, double more) {
  const auto x = static_cast<double>(lobe.x);
  const auto y = static_cast<double>(lobe.y);
  const auto rx = static_cast<double>(influence_px(lobe));
  const double ry = rx * static_cast<double>(lobe.stretch);
  return {x - rx - more, y - ry - more, x + rx + more, y + ry + more};
}

}  // namespace pluvia::synth
