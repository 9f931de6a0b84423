// SPDX-License-Identifier: Apache-2.0
// Display brightness of the scene around a pixel (mean of the channels, 0 to 1), from blocks of 16
// by 16 pixels: what weakens streaks over bright sky in formation vrds. Coarse, so that no texture
// of the scene enters the streak map.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace pluvia::synth {

inline constexpr int kBrightBlock = 16;

struct BrightnessView {
  const float* blocks = nullptr;
  int down = 0;
  int across = 0;

  /// Block column k of a row of pixels, between the two rows of blocks around it.
  PLUVIA_MEMBER float between_rows(float v, int k) const {
    const float top = v > 0 ? v : 0.0F;
    const int y0 = static_cast<int>(top);
    const int y1 = y0 + 1 < down ? y0 + 1 : down - 1;
    const int left = k > 0 ? k : 0;
    const int x = left < across ? left : across - 1;
    const float p = blocks[y0 * across + x];
    return p + (blocks[y1 * across + x] - p) * (top - static_cast<float>(y0));
  }

  /// Pixels [x0, x0 + N) of row y, which lie in one stretch of 32: between the middles of four
  /// blocks, as the first and three ramps. So that it vectorises, and one pixel gets the same bits.
  template <int N>
  PLUVIA_MEMBER void row(int y, int x0, float out[N]) const {
    constexpr int kStretch = 2 * kBrightBlock;
    static_assert(N <= kStretch);
    const float v = (static_cast<float>(y) + 0.5F) * (1.0F / kBrightBlock) - 0.5F;
    const int first = x0 / kStretch * 2 - 1;
    const float at0 = between_rows(v, first);
    const float at1 = between_rows(v, first + 1);
    const float at2 = between_rows(v, first + 2);
    const float at3 = between_rows(v, first + 3);
    const auto ramp = [](float t) {
      const float above = t > 0 ? t : 0.0F;
      return above < 1 ? above : 1.0F;
    };
    for (int x = 0; x < N; ++x) {
      const float t = static_cast<float>(x0 % kStretch + x) * (1.0F / kBrightBlock) +
                      (0.5F + 0.5F / kBrightBlock);
      out[x] = at0 + (at1 - at0) * ramp(t) + (at2 - at1) * ramp(t - 1) + (at3 - at2) * ramp(t - 2);
    }
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
