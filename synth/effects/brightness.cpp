// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/brightness.h"

#include "core/for_each.h"

namespace pluvia::PLUVIA_BACKEND {

void measure_brightness(const synth::BrightnessArgs& args) {
  const synth::BrightnessArgs a = args;
  constexpr int kBlock = synth::kBrightBlock;
  constexpr int kRowStep = 4;  // a mean over so many pixels needs no more of them
  const int across = (a.width + kBlock - 1) / kBlock;
  const std::int64_t count = std::int64_t{across} * ((a.height + kBlock - 1) / kBlock);
  for_each(
      count,
      PLUVIA_LAMBDA(std::int64_t number) {
        const int x0 = static_cast<int>(number % across) * kBlock;
        const int y0 = static_cast<int>(number / across) * kBlock;
        const int rows = a.height - y0 < kBlock ? a.height - y0 : kBlock;
        const int columns = a.width - x0 < kBlock ? a.width - x0 : kBlock;
        std::uint32_t sum = 0;
        int read = 0;
        for (int r = kRowStep / 2; r < rows || read == 0; r += kRowStep, ++read) {
          const std::uint8_t* const p =
              a.clean + (static_cast<std::ptrdiff_t>(y0 + (r < rows ? r : 0)) * a.width + x0) * 3;
          for (int i = 0; i < 3 * columns; ++i) sum += p[i];
        }
        a.blocks[number] = static_cast<float>(sum) / static_cast<float>(3 * 255 * read * columns);
      },
      across);
}

}  // namespace pluvia::PLUVIA_BACKEND
