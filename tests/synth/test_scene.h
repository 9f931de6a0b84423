// SPDX-License-Identifier: Apache-2.0
// A street-like picture from a formula, with what matters to rain's statistics: a bright sky above,
// darker textured walls to the sides, a grey road below.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/rng.h"
#include "synth/scene.h"

namespace pluvia::synth {

inline SceneFrame street_like(int height, int width, double time_s) {
  SceneFrame frame;
  frame.clean = Image<std::uint8_t>(height, width, 3);
  frame.time_s = time_s;
  frame.camera.position_m = {0, 1.4, -10 * time_s};
  frame.camera.velocity_m_s = {0, 0, -10};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double v = (y + 0.5) / height;
      const double u = std::abs((x + 0.5) / width - 0.5) * 2;
      const bool wall = v < 0.55 + 0.3 * u && u > 0.25 + 0.5 * (0.55 - v);
      const Random random{11, 0, static_cast<std::uint32_t>(x * 60 / width),
                          static_cast<std::uint32_t>(y * 40 / height)};
      double light = 205 - 40 * v;
      if (wall) {
        light = 90 + 60 * random.uniform(1) - (random.uniform(2) < 0.3 ? 45 : 0);
      } else if (v > 0.5) {
        light = 85 + 20 * random.uniform(3);
      }
      const double tint[3] = {1.0, wall ? 0.93 : 1.0, wall ? 0.82 : 1.03};
      for (int c = 0; c < 3; ++c) {
        frame.clean.view().at(y, x, c) = static_cast<std::uint8_t>(light * tint[c]);
      }
    }
  }
  return frame;
}

}  // namespace pluvia::synth
