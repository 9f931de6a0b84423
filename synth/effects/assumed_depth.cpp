// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/assumed_depth.h"

#include <algorithm>
#include <cmath>

namespace pluvia::synth {

AssumedDepth AssumedDepth::of(int height, int width, double focal_px) {
  constexpr double kCameraM = 1.4;
  constexpr double kAsideM = 9;
  constexpr double kEndM = 80;
  AssumedDepth depth;
  for (int y = 0; y < height; ++y) {
    const double below = y + 0.5 - 0.5 * height;
    const double road_m = below > 0 ? focal_px * kCameraM / below : kEndM;
    depth.rows.push_back(static_cast<float>(std::min(road_m, kEndM)));
  }
  for (int x = 0; x < width; ++x) {
    const double aside = std::abs(x + 0.5 - 0.5 * width);
    const double wall_m = aside > 0 ? focal_px * kAsideM / aside : kEndM;
    depth.columns.push_back(static_cast<float>(std::min(wall_m, kEndM)));
  }
  return depth;
}

}  // namespace pluvia::synth
