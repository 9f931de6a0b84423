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
        constexpr int kRowStep = 4;
        const int x0 = static_cast<int>(number % across) * kBlock;
        const int y0 = static_cast<int>(number / across) * kBlock;
        const int columns = a.width - x0 < kBlock ? a.width - x0 : kBlock;
        const int end = a.height - y0 < kBlock ? a.height : y0 + kBlock;
        // Column sums first: they vectorise, and their order is the same on every device.
        float sums[7][kBlock] = {};
        int rows = 0;
        for (int y = y0; y < end; y += kRowStep, ++rows) {
          const std::uint8_t* const p =
              a.clean + (static_cast<std::ptrdiff_t>(y) * a.width + x0) * 3;
          for (int x = 0; x < columns; ++x) {
            const float r = a.light->decode(p[3 * x]);
            const float g = a.light->decode(p[3 * x + 1]);
            const float b = a.light->decode(p[3 * x + 2]);
            const float through = a.veil.table == nullptr ? 1.0F : a.veil.at(y, x0 + x);
            const float lit = through * synth::sky_factor(r, g, b, a.sky_gain);
            sums[0][x] += r;
            sums[1][x] += g;
            sums[2][x] += b;
            sums[3][x] += r * lit;
            sums[4][x] += g * lit;
            sums[5][x] += b * lit;
            sums[6][x] += 1 - through;
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
