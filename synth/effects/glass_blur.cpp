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
  static constexpr int kNumbers = 32;  ///< as many as registers hold sums for

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
    constexpr int kStep = kNumbers / kLanes;
    const bool dry = a.lists.empty(tile.number);
    const int begin = tile.x0 > a.reach ? tile.x0 : a.reach;
    const int end = tile.x1 < a.pane.width - a.reach ? tile.x1 : a.pane.width - a.reach;
    for (int y = tile.y0; y < tile.y1; ++y) {
      float* const out = a.to + place(y, tile.x0) * kLanes;
      for (int i = 0; i < (tile.x1 - tile.x0) * kLanes; ++i) out[i] = 0;
      if (dry || !inside(y, a.pane.height)) continue;
      if (end - begin < kStep) {
        for (int x = begin; x < end; ++x) one<kLanes>(tile, x, y);
        continue;
      }
      // The last step is moved back to end with the stretch.
      for (int x = begin; x < end; x += kStep) blur_step<kLanes>(y, x < end - kStep ? x : end - kStep);
    }
  }

  template <int kLanes>
  PLUVIA_MEMBER void blur_step(int y, int x) const {
    float sum[kNumbers] = {};
    const float* const middle = a.from + place(y, x) * kLanes;
    for (int k = 0; k < a.tap_count; ++k) {
      const BlurTap tap = a.taps[k];
      const float* const p =
          middle + (static_cast<std::ptrdiff_t>(tap.dy) * a.pane.width + tap.dx) * kLanes;
      for (int i = 0; i < kNumbers; ++i) sum[i] += tap.weight * p[i];
    }
    float* const out = a.to + place(y, x) * kLanes;
    for (int i = 0; i < kNumbers; ++i) out[i] = sum[i];
  }
};

void blur_glass(const GlassBlurArgs& args) { for_each_tile(args.grid, GlassBlurBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
