// SPDX-License-Identifier: Apache-2.0
#include "core/for_each.h"
#include "synth/effects/environment.h"
#include "synth/effects/sky.h"

namespace pluvia::PLUVIA_BACKEND {

void measure_blocks(const synth::BlockArgs& args) {
  using synth::BlockArgs;
  using synth::BlockLight;
  using synth::kBlock;
  const BlockArgs a = args;
  const int across = synth::blocks_along(a.width);
  const std::int64_t count = std::int64_t{across} * synth::blocks_along(a.height);
  for_each(
      count,
      PLUVIA_LAMBDA(std::int64_t number) {
        constexpr int kRowStep = 8;
        const int x0 = static_cast<int>(number % across) * kBlock;
        const int y0 = static_cast<int>(number / across) * kBlock;
        const int columns = a.width - x0 < kBlock ? a.width - x0 : kBlock;
        const int end = a.height - y0 < kBlock ? a.height : y0 + kBlock;
        // Column sums first: they vectorise, and their order is the same on every device.
        float sums[7][kBlock] = {};
        float value[7][kBlock] = {};
        int rows = 0;
        for (int y = y0; y < end; y += kRowStep, ++rows) {
          const std::uint8_t* const p =
              a.clean + (static_cast<std::ptrdiff_t>(y) * a.width + x0) * 3;
          for (int x = 0; x < columns; ++x) {
            value[0][x] = synth::light_of_code(p[3 * x]);
            value[1][x] = synth::light_of_code(p[3 * x + 1]);
            value[2][x] = synth::light_of_code(p[3 * x + 2]);
          }
          for (int x = 0; x < columns; ++x) value[6][x] = 0;
          if (a.veil.table != nullptr) {
            for (int x = 0; x < columns; ++x) value[6][x] = 1 - a.veil.at(y, x0 + x);
          }
          for (int x = 0; x < columns; ++x) {
            const float lit = (1 - value[6][x]) *
                              synth::sky_factor(value[0][x], value[1][x], value[2][x], a.sky_gain);
            value[3][x] = value[0][x] * lit;
            value[4][x] = value[1][x] * lit;
            value[5][x] = value[2][x] * lit;
          }
          for (int k = 0; k < 7; ++k) {
            for (int x = 0; x < kBlock; ++x) sums[k][x] += value[k][x];
          }
        }
        float means[7];
        for (int k = 0; k < 7; ++k) {
          float sum = 0;
          for (int x = 0; x < columns; ++x) sum += sums[k][x];
          means[k] = sum / static_cast<float>(rows * columns);
        }
        a.blocks[number] = {
            {means[0], means[1], means[2]}, {means[3], means[4], means[5]}, means[6]};
      },
      8);
}

}  // namespace pluvia::PLUVIA_BACKEND
