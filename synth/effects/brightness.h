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

  /// Pixels [x0, x0 + N) of row y. More than one start at a whole block.
  template <int N>
  PLUVIA_MEMBER void row(int y, int x0, float out[N]) const {
    const float v = (static_cast<float>(y) + 0.5F) * (1.0F / kBrightBlock) - 0.5F;
    const int first = x0 / kBrightBlock - 1;
    const auto along = [&](int x) {  // from the middle of block `first`, in blocks
      return (static_cast<float>(x0 + x) + 0.5F) * (1.0F / kBrightBlock) - 0.5F -
             static_cast<float>(first);
    };
    if constexpr (N == 1) {
      const float u = along(0);
      const int left = static_cast<int>(u);
      const float from = between_rows(v, first + left);
      out[0] = from + (between_rows(v, first + left + 1) - from) * (u - static_cast<float>(left));
    } else {
      constexpr int kHalf = kBrightBlock / 2;
      static_assert(N % kBrightBlock == 0);
      float from = between_rows(v, first);
      float to = between_rows(v, first + 1);
      for (int half = 0; half < N / kHalf; ++half) {
        const int left = (half + 1) / 2;
        if (half % 2 == 1) {
          from = to;
          to = between_rows(v, first + left + 1);
        }
        for (int x = half * kHalf; x < (half + 1) * kHalf; ++x) {
          out[x] = from + (to - from) * (along(x) - static_cast<float>(left));
        }
      }
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
