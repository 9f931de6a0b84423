// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/light_pyramid.h"

#include "core/byte_lanes.h"
#include "core/for_each.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::GatherArgs;
using synth::HalveArgs;
using synth::LightRow;

struct GatherBody {
  GatherArgs a;

  /// One texel: sums down its columns, then across them, as rows() does.
  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    const int size = 1 << a.levels.first;
    const int x0 = x * size;
    const int columns = a.scene.width - x0 < size ? a.scene.width - x0 : size;
    const Lines lines = lines_of(y);
    const bool streaked = a.levels.lanes == 8 && a.scene.streaked(tile.number);
    float sum[6] = {};
    for (int dx = 0; dx < columns; ++dx) {
      float column[6] = {};
      for (int line = 0; line < lines.count; ++line) {
        const int at = lines.first + line * lines.step;
        LightRow<1> light;
        std::int32_t codes[3];
        split<1, 1>(a.scene.at(at, x0 + dx), codes);
        synth::veiled_row<1, 1>(a.scene, codes, at, x0 + dx, a.sky_gain, light);
        if (streaked) synth::add_streaks<1, 1>(a.scene, at, x0 + dx, light.v[0], light.s[0]);
        for (int c = 0; c < 3; ++c) {
          column[c] += light.v[c][0];
          if (streaked) column[3 + c] += light.s[c][0];
        }
      }
      for (int c = 0; c < 6; ++c) sum[c] += column[c];
    }
    write(x, y, sum, 1 / static_cast<float>(columns * lines.count), streaked);
  }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    const bool streaked = a.levels.lanes == 8 && a.scene.streaked(tile.number);
    if (streaked) {
      sum_tile<true>(tile);
    } else {
      sum_tile<false>(tile);
    }
  }

 private:
  /// The picture's rows that a row of texels is made of.
  struct Lines {
    int first;
    int step;
    int count;
  };

  /// Four of them at least: a mean over a block of 64 or more pixels needs no more of them.
  PLUVIA_MEMBER Lines lines_of(int y) const {
    const int size = 1 << a.levels.first;
    const int step = size > 4 ? size / 4 : 1;
    const int first = y * size + step / 2;
    if (first >= a.scene.height) return {a.scene.height - 1, step, 1};
    const int end = a.scene.height - y * size < size ? a.scene.height : (y + 1) * size;
    return {first, step, (end - first + step - 1) / step};
  }

  template <bool kStreaked>
  PLUVIA_MEMBER void sum_tile(const Tile& tile) const {
    constexpr int kWide = synth::kTileWidth;
    const int size = 1 << a.levels.first;
    const int x0 = tile.x0 * size;
    const int wide = a.scene.width - x0 < kWide ? a.scene.width - x0 : kWide;
    for (int y = tile.y0; y < tile.y1; ++y) {
      const Lines lines = lines_of(y);
      float column[6][kWide] = {};
      for (int line = 0; line < lines.count; ++line) {
        add_line<kStreaked>(lines.first + line * lines.step, x0, wide, column);
      }
      for (int x = tile.x0; x < tile.x1; ++x) {
        const int from = (x - tile.x0) * size;
        const int columns = wide - from < size ? wide - from : size;
        float sum[6] = {};
        for (int c = 0; c < (kStreaked ? 6 : 3); ++c) {
          float total = 0;
          for (int dx = 0; dx < columns; ++dx) total += column[c][from + dx];
          sum[c] = total;
        }
        write(x, y, sum, 1 / static_cast<float>(columns * lines.count), kStreaked);
      }
    }
  }

  template <bool kStreaked>
  PLUVIA_MEMBER void add_line(int y, int x0, int wide, float column[6][synth::kTileWidth]) const {
    constexpr int kStretch = synth::kInkStretch;
    int x = 0;
    for (; x + kStretch <= wide; x += kStretch) add_stretch<kStreaked, kStretch>(y, x0, x, column);
    for (; x < wide; ++x) add_stretch<kStreaked, 1>(y, x0, x, column);
  }

  template <bool kStreaked, int N>
  PLUVIA_MEMBER void add_stretch(int y, int x0, int at, float column[6][synth::kTileWidth]) const {
    LightRow<N> light;
    std::int32_t codes[3 * N];
    split<N, N>(a.scene.at(y, x0 + at), codes);
    synth::veiled_row<N, N>(a.scene, codes, y, x0 + at, a.sky_gain, light);
    const bool ink = kStreaked && synth::inked<N>(a.scene, y, x0 + at);
    if (ink) synth::add_streaks<N, N>(a.scene, y, x0 + at, light.v[0], light.s[0]);
    for (int c = 0; c < 3; ++c) {
      for (int x = 0; x < N; ++x) column[c][at + x] += light.v[c][x];
      if constexpr (kStreaked) {
        const float* const s = ink ? light.s[c] : light.v[c];
        for (int x = 0; x < N; ++x) column[3 + c][at + x] += s[x];
      }
    }
  }

  PLUVIA_MEMBER void write(int x, int y, const float sum[6], float scale, bool streaked) const {
    const int first = a.levels.first;
    float* const out =
        a.levels.level(first) +
        (static_cast<std::ptrdiff_t>(y) * a.levels.widths[first] + x) * a.levels.lanes;
    for (int c = 0; c < 3; ++c) out[c] = sum[c] * scale;
    out[3] = 0;
    if (a.levels.lanes == 4) return;
    for (int c = 0; c < 3; ++c) out[4 + c] = sum[streaked ? 3 + c : c] * scale;
    out[7] = 0;
  }
};

void gather_light(const GatherArgs& args) { for_each_tile(args.grid, GatherBody{args}); }

void halve_light(const HalveArgs& args) {
  const HalveArgs a = args;
  const int height = a.levels.heights[a.to];
  const int width = a.levels.widths[a.to];
  for_each(
      height,
      PLUVIA_LAMBDA(std::int64_t y) {
        const int from_height = a.levels.heights[a.to - 1];
        const int from_width = a.levels.widths[a.to - 1];
        const int lanes = a.levels.lanes;
        // Odd sizes keep their last row and column.
        const std::ptrdiff_t below = 2 * y + 1 < from_height ? 2 * y + 1 : from_height - 1;
        const float* const top = a.levels.level(a.to - 1) + 2 * y * from_width * lanes;
        const float* const bottom = a.levels.level(a.to - 1) + below * from_width * lanes;
        float* const to = a.levels.level(a.to) + y * width * lanes;
        for (int x = 0; x < width; ++x) {
          const int left = 2 * x * lanes;
          const int right = 2 * x + 1 < from_width ? left + lanes : left;
          for (int l = 0; l < lanes; ++l) {
            to[x * lanes + l] =
                0.25F * ((top[left + l] + top[right + l]) + (bottom[left + l] + bottom[right + l]));
          }
        }
      },
      16);
}

}  // namespace pluvia::PLUVIA_BACKEND
