// SPDX-License-Identifier: Apache-2.0
// The pane out of focus: each pixel the sum over a disc around it, in the order of the taps. Pixels
// within reach of the plane's border are left 0: the margin holds them (effects/pane.h).
#include "core/for_each.h"
#include "synth/effects/glass_draw.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::BlurTap;
using synth::GlassBlurArgs;

struct GlassBlurBody {
  GlassBlurArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    if (a.lanes == 8) {
      one<8>(tile, x, y);
    } else {
      one<4>(tile, x, y);
    }
  }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    if (a.lanes == 8) {
      blur_tile<8>(tile);
    } else {
      blur_tile<4>(tile);
    }
  }

 private:
  PLUVIA_MEMBER bool inside(int at, int size) const {
    return at >= a.reach && at < size - a.reach;
  }
  PLUVIA_MEMBER std::ptrdiff_t place(int y, int x) const {
    return static_cast<std::ptrdiff_t>(y) * a.pane.width + x;
  }

  template <int kLanes>
  PLUVIA_MEMBER void one(const Tile& tile, int x, int y) const {
    float sum[kLanes] = {};
    if (inside(y, a.pane.height) && inside(x, a.pane.width) && !a.lists.empty(tile.number)) {
      for (int k = 0; k < a.tap_count; ++k) {
        const BlurTap tap = a.taps[k];
        const float* const p = a.from + place(y + tap.dy, x + tap.dx) * kLanes;
        for (int l = 0; l < kLanes; ++l) sum[l] += tap.weight * p[l];
      }
    }
    float* const out = a.to + place(y, x) * kLanes;
    for (int l = 0; l < kLanes; ++l) out[l] = sum[l];
  }

  template <int kLanes>
  PLUVIA_MEMBER void blur_tile(const Tile& tile) const {
    constexpr int kNumbers = 32;  // as many as registers hold sums for
    constexpr int kStep = kNumbers / kLanes;
    const bool dry = a.lists.empty(tile.number);
    for (int y = tile.y0; y < tile.y1; ++y) {
      int x = tile.x0;
      if (dry || !inside(y, a.pane.height)) {
        float* const out = a.to + place(y, x) * kLanes;
        for (int i = 0; i < (tile.x1 - tile.x0) * kLanes; ++i) out[i] = 0;
        continue;
      }
      while (x < tile.x1) {
        if (x + kStep > tile.x1 || !inside(x, a.pane.width) ||
            !inside(x + kStep - 1, a.pane.width)) {
          one<kLanes>(tile, x, y);
          ++x;
          continue;
        }
        float sum[kNumbers] = {};
        for (int k = 0; k < a.tap_count; ++k) {
          const BlurTap tap = a.taps[k];
          const float* const p = a.from + place(y + tap.dy, x + tap.dx) * kLanes;
          for (int i = 0; i < kNumbers; ++i) sum[i] += tap.weight * p[i];
        }
        float* const out = a.to + place(y, x) * kLanes;
        for (int i = 0; i < kNumbers; ++i) out[i] = sum[i];
        x += kStep;
      }
    }
  }
};

void blur_glass(const GlassBlurArgs& args) { for_each_tile(args.grid, GlassBlurBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
