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

  /// Pixels [x0, x0 + n) of row y, at most N.
  template <int N>
  PLUVIA_MEMBER void row(int y, int x0, int n, float out[N]) const {
    const float v = (static_cast<float>(y) + 0.5F) * (1.0F / kBrightBlock) - 0.5F;
    const int first = x0 / kBrightBlock - 1;
    constexpr int kColumns = N / kBrightBlock + 3;
    float line[kColumns];
    for (int k = 0; k < kColumns; ++k) line[k] = between_rows(v, first + k);
    for (int x = 0; x < n; ++x) {
      const float u = (static_cast<float>(x0 + x) + 0.5F) * (1.0F / kBrightBlock) - 0.5F -
                      static_cast<float>(first);  // at least half a block
      const int left = static_cast<int>(u);
      out[x] = line[left] + (line[left + 1] - line[left]) * (u - static_cast<float>(left));
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
