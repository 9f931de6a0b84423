// SPDX-License-Identifier: Apache-2.0
// The pane out of focus: each number the sum over a disc around it, in the order of the taps.
// Pixels within reach of the plane's border are left 0: the margin holds them (effects/pane.h).
#include "core/for_each.h"
#include "synth/effects/glass_draw.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::BlurTap;
using synth::GlassBlurArgs;

struct GlassBlurBody {
  GlassBlurArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    const bool summed =
        inside(y, a.pane.height) && inside(x, a.pane.width) && !a.lists.empty(tile.number);
    for (int l = 0; l < a.planes; ++l) {
      const std::ptrdiff_t at = l * a.pane.numbers() + place(y, x);
      a.to[at] = 0;
      if (summed) blur<1>(at);
    }
  }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    const bool dry = a.lists.empty(tile.number);
    const int begin = tile.x0 > a.reach ? tile.x0 : a.reach;
    const int end = tile.x1 < a.pane.width - a.reach ? tile.x1 : a.pane.width - a.reach;
    for (int l = 0; l < a.planes; ++l) {
      for (int y = tile.y0; y < tile.y1; ++y) {
        const std::ptrdiff_t line = l * a.pane.numbers() + place(y, 0);
        for (int x = tile.x0; x < tile.x1; ++x) a.to[line + x] = 0;
        if (dry || !inside(y, a.pane.height)) continue;
        if (end - begin < kNumbers) {
          for (int x = begin; x < end; ++x) blur<1>(line + x);
          continue;
        }
        // The last step is moved back to end with the stretch.
        for (int x = begin; x < end; x += kNumbers) {
          blur<kNumbers>(line + (x < end - kNumbers ? x : end - kNumbers));
        }
      }
    }
  }

 private:
  static constexpr int kNumbers = 16;

  PLUVIA_MEMBER bool inside(int at, int size) const { return at >= a.reach && at < size - a.reach; }
  PLUVIA_MEMBER std::ptrdiff_t place(int y, int x) const {
    return static_cast<std::ptrdiff_t>(y) * a.pane.width + x;
  }

  template <int N>
  PLUVIA_MEMBER void blur(std::ptrdiff_t at) const {
    float sum[N] = {};
    const float* const middle = a.from + at;
    for (int k = 0; k < a.tap_count; ++k) {
      const BlurTap tap = a.taps[k];
      const float* const p = middle + (static_cast<std::ptrdiff_t>(tap.dy) * a.pane.width + tap.dx);
      for (int i = 0; i < N; ++i) sum[i] += tap.weight * p[i];
    }
    float* const out = a.to + at;
    for (int i = 0; i < N; ++i) out[i] = sum[i];
  }
};

void blur_glass(const GlassBlurArgs& args) { for_each_tile(args.grid, GlassBlurBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
