// SPDX-License-Identifier: Apache-2.0
// Display brightness of the scene around a pixel (mean of the channels, 0 to 1), from blocks of 16
// by 16 pixels: what weakens streaks over bright sky in formation vrds. Coarse, so that no texture of
// the scene enters the streak map.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace pluvia::synth {

inline constexpr int kBrightBlock = 16;

struct BrightnessView {
  const float* blocks = nullptr;
  int down = 0;
  int across = 0;

  PLUVIA_MEMBER float at(int y, int x) const {
    const float u = (static_cast<float>(x) + 0.5F) * (1.0F / kBrightBlock) - 0.5F;
    const float v = (static_cast<float>(y) + 0.5F) * (1.0F / kBrightBlock) - 0.5F;
    const float left = u > 0 ? u : 0.0F;
    const float top = v > 0 ? v : 0.0F;
    const int x0 = static_cast<int>(left);
    const int y0 = static_cast<int>(top);
    const int x1 = x0 + 1 < across ? x0 + 1 : across - 1;
    const int y1 = y0 + 1 < down ? y0 + 1 : down - 1;
    const float fx = left - static_cast<float>(x0);
    const float fy = top - static_cast<float>(y0);
    const float* const p = blocks + y0 * across;
    const float* const q = blocks + y1 * across;
    const float a = p[x0] + (p[x1] - p[x0]) * fx;
    const float b = q[x0] + (q[x1] - q[x0]) * fx;
    return a + (b - a) * fy;
  }
};

struct BrightnessArgs {
  const std::uint8_t* clean = nullptr;
  int height = 0;
  int width = 0;
  float* blocks = nullptr;
};

inline int bright_blocks_along(int pixels) { return (pixels + kBrightBlock - 1) / kBrightBlock; }

}  // namespace pluvia::synth

namespace pluvia {
PLUVIA_DECLARE_KERNEL(measure_brightness, synth::BrightnessArgs)
}  // namespace pluvia
