// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/assumed_depth.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pluvia::synth {
namespace {

constexpr double kCameraM = 1.4;
constexpr double kAsideM = 9;
constexpr double kEndM = 80;

/// Of what lies ahead: `distance` over how much of it a step in depth makes good, if any.
double depth_of(double distance, double share) {
  return share > 0 ? distance / share : std::numeric_limits<double>::infinity();
}

}  // namespace

AssumedDepth AssumedDepth::of(const Camera& camera) {
  const double height_m = camera.position.y > 0 ? camera.position.y : kCameraM;
  // Cosine and sine of the angle that it looks up by.
  const double level = camera.axes.up.y;
  const double rise = -camera.axes.back.y;
  AssumedDepth depth;
  for (int y = 0; y < camera.height; ++y) {
    const double below = y + 0.5 - 0.5 * camera.height;
    const double road_m =
        depth_of(camera.focal_px * height_m, below * level - camera.focal_px * rise);
    const double end_m = depth_of(kEndM, level + below / camera.focal_px * rise);
    depth.rows.push_back(static_cast<float>(std::min(road_m, end_m)));
  }
  for (int x = 0; x < camera.width; ++x) {
    const double aside = std::abs(x + 0.5 - 0.5 * camera.width);
    const double wall_m = aside > 0 ? camera.focal_px * kAsideM / aside : kEndM;
    depth.columns.push_back(static_cast<float>(std::min(wall_m, kEndM)));
  }
  return depth;
}

}  // namespace pluvia::synth
