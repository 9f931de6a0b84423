// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/streak_splat.h"

#include "core/for_each.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::Ink;
using synth::SplatArgs;
using synth::StreakBar;

PLUVIA_FUNCTION float larger(float a, float b) { return a > b ? a : b; }
PLUVIA_FUNCTION float smaller(float a, float b) { return a < b ? a : b; }

constexpr int kVector = 8;  ///< pixels worked on side by side; a tile's width is a multiple

/// Where a row dy below a bar's middle may meet it, as columns from the tile's first.
struct BarSpan {
  int first;
  int last;
  bool ends;  ///< whether an end's ramp reaches into it
};

PLUVIA_FUNCTION BarSpan bar_span(const StreakBar& bar, float dy, int x0) {
  constexpr float kAnywhere = 1e6F;
  // |dy ex - dx ey| < reach and |dx ex + dy ey| < half + reach, each solved for dx.
  const bool leans_y = bar.ey > 1e-4F || bar.ey < -1e-4F;
  const bool leans_x = bar.ex > 1e-4F || bar.ex < -1e-4F;
  const float across = leans_y ? dy * bar.ex / bar.ey : 0.0F;
  const float across_reach = leans_y ? bar.reach / std::fabs(bar.ey) : kAnywhere;
  const float along = leans_x ? -dy * bar.ey / bar.ex : 0.0F;
  const float along_reach = leans_x ? (bar.half + bar.reach) / std::fabs(bar.ex) : kAnywhere;
  const float low =
      larger(across - across_reach, along - along_reach) + bar.mx - 1 - static_cast<float>(x0);
  const float high =
      smaller(across + across_reach, along + along_reach) + bar.mx + 1 - static_cast<float>(x0);
  BarSpan span{0, -1, true};
  if (!(high >= 0) || !(low <= synth::kTileWidth)) return span;
  span.first = low > 0 ? static_cast<int>(low) : 0;
  span.last = high < synth::kTileWidth - 1 ? static_cast<int>(high) : synth::kTileWidth - 1;
  // The farthest point along the path in what is drawn of the row, rounded up to whole vectors.
  const float left = static_cast<float>(x0 + span.first - kVector) - bar.mx;
  const float right = static_cast<float>(x0 + span.last + kVector) - bar.mx;
  const float s0 = std::fabs(left * bar.ex + dy * bar.ey);
  const float s1 = std::fabs(right * bar.ex + dy * bar.ey);
  span.ends = bar.radius > 0 || larger(s0, s1) >= bar.half - bar.reach;
  return span;
}

struct SplatBody {
  SplatArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    float opacity = 0;
    float glow = 0;
    const std::uint32_t end = a.planes.lists.starts[tile.number + 1];
    for (std::uint32_t i = a.planes.lists.starts[tile.number]; i < end; ++i) {
      const StreakBar& bar = a.bars[a.planes.lists.shapes[i]];
      const float dx = static_cast<float>(x) + 0.5F - bar.mx;
      const float dy = static_cast<float>(y) + 0.5F - bar.my;
      float alpha = bar.radius > 0 ? synth::bar_opacity<true, true>(bar, dx, dy)
                                   : synth::bar_opacity<false, true>(bar, dx, dy);
      if (alpha == 0) continue;
      if (a.depth.known()) alpha *= synth::visible_before(a.depth.at(y, x) * bar.inv_depth);
      const Ink ink = synth::ink_of<true>(bar, alpha, dx, dy);
      opacity += ink.opacity;
      glow += ink.glow;
    }
    if (a.planes.lists.empty(tile.number)) return;
    a.planes.opacity[y * a.planes.stride + x] = opacity;
    a.planes.glow[y * a.planes.stride + x] = glow;
  }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    const std::uint32_t begin = a.planes.lists.starts[tile.number];
    const std::uint32_t end = a.planes.lists.starts[tile.number + 1];
    if (begin == end) return;
    for (int y = tile.y0; y < tile.y1; ++y) {
      float* const opacity = a.planes.opacity + y * a.planes.stride + tile.x0;
      float* const glow = a.planes.glow + y * a.planes.stride + tile.x0;
      for (int x = 0; x < synth::kTileWidth; ++x) opacity[x] = glow[x] = 0;
    }
    const float nearest_m = a.depth.known() ? nearest(tile) : INFINITY;
    for (std::uint32_t i = begin; i < end; ++i) {
      const StreakBar bar = a.bars[a.planes.lists.shapes[i]];
      if (synth::visible_before(nearest_m * bar.inv_depth) < 1) {
        draw<true>(bar, tile);
      } else {
        draw<false>(bar, tile);
      }
    }
  }

 private:
  PLUVIA_MEMBER float nearest(const Tile& tile) const {
    float least = INFINITY;
    if (a.depth.map == nullptr) {
      for (int y = tile.y0; y < tile.y1; ++y) least = smaller(least, a.depth.rows[y]);
      for (int x = tile.x0; x < tile.x1; ++x) least = smaller(least, a.depth.columns[x]);
      return least;
    }
    for (int y = tile.y0; y < tile.y1; ++y) {
      for (int x = tile.x0; x < tile.x1; ++x) {
        const float z = a.depth.at(y, x);
        least = z < least ? z : least;
      }
    }
    return least;
  }

  template <bool kHidden>
  PLUVIA_MEMBER void draw(const StreakBar& bar, const Tile& tile) const {
    const float high = bar.half * std::fabs(bar.ey) + bar.reach * std::fabs(bar.ex) + bar.reach + 1;
    const float from = bar.my - high;
    const float to = bar.my + high;
    if (!(to > static_cast<float>(tile.y0)) || !(from < static_cast<float>(tile.y1))) return;
    const int top = from > static_cast<float>(tile.y0) ? static_cast<int>(from) : tile.y0;
    const int bottom = to < static_cast<float>(tile.y1) ? static_cast<int>(to) : tile.y1;
    const bool plain = !bar.rippled();
    for (int y = top; y < bottom; ++y) {
      const BarSpan span = bar_span(bar, static_cast<float>(y) + 0.5F - bar.my, tile.x0);
      if (bar.radius > 0) {
        add<true, true, kHidden, true>(bar, tile, y, span);
      } else if (span.ends) {
        add<false, true, kHidden, true>(bar, tile, y, span);
      } else if (plain) {
        add<false, false, kHidden, false>(bar, tile, y, span);
      } else {
        add<false, false, kHidden, true>(bar, tile, y, span);
      }
    }
  }

  template <bool kSharp, bool kEnds, bool kHidden, bool kRipple>
  PLUVIA_MEMBER void add(const StreakBar bar, const Tile& tile, int y, const BarSpan& span) const {
    float* __restrict const opacity = a.planes.opacity + y * a.planes.stride + tile.x0;
    float* __restrict const glow = a.planes.glow + y * a.planes.stride + tile.x0;
    const float dy = static_cast<float>(y) + 0.5F - bar.my;
    for (int at = span.first / kVector * kVector; at <= span.last; at += kVector) {
      float scene_m[kVector];
      if constexpr (kHidden) {
        for (int j = 0; j < kVector; ++j) {
          const int x = tile.x0 + at + j;
          scene_m[j] = a.depth.at(y, x < tile.x1 ? x : tile.x1 - 1);
        }
      }
      for (int j = 0; j < kVector; ++j) {
        const float dx = static_cast<float>(tile.x0 + at + j) + 0.5F - bar.mx;
        float alpha = synth::bar_opacity<kSharp, kEnds>(bar, dx, dy);
        if constexpr (kHidden) alpha *= synth::visible_before(scene_m[j] * bar.inv_depth);
        const Ink ink = synth::ink_of<kRipple>(bar, alpha, dx, dy);
        opacity[at + j] += ink.opacity;
        glow[at + j] += ink.glow;
      }
    }
  }
};

void draw_streaks(const SplatArgs& args) { for_each_tile(args.grid, SplatBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
