// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/streak_splat.h"

#include <cstring>

#include "core/for_each.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::Ink;
using synth::SplatArgs;
using synth::StreakBar;

PLUVIA_FUNCTION float larger(float a, float b) { return a > b ? a : b; }
PLUVIA_FUNCTION float smaller(float a, float b) { return a < b ? a : b; }

constexpr int kVector = 8;  ///< pixels worked on side by side

/// Where some rows may meet a bar, as columns from the tile's first; none where `last` is before `first`.
struct BarSpans {
  static constexpr int kRows = 8;

  std::int32_t first[kRows];
  std::int32_t last[kRows];
  std::int32_t ends[kRows];  ///< whether an end's ramp reaches into it
};

/// Where rows meet a bar: |dy ex - dx ey| < reach and |dx ex + dy ey| < half + reach, each solved
/// for dx = slope dy + or - width.
struct BarEdges {
  float across_slope;
  float across_width;
  float along_slope;
  float along_width;

  PLUVIA_MEMBER explicit BarEdges(const StreakBar& bar) {
    constexpr float kAnywhere = 1e6F;
    const bool leans_y = bar.ey > 1e-4F || bar.ey < -1e-4F;
    const bool leans_x = bar.ex > 1e-4F || bar.ex < -1e-4F;
    across_slope = leans_y ? bar.ex / bar.ey : 0.0F;
    across_width = leans_y ? bar.reach / std::fabs(bar.ey) : kAnywhere;
    along_slope = leans_x ? -bar.ey / bar.ex : 0.0F;
    along_width = leans_x ? (bar.half + bar.reach) / std::fabs(bar.ex) : kAnywhere;
  }

  /// Of rows from y on. Several at a time, without branches: one by one they would take as long as the
  /// pixels of a thin streak.
  PLUVIA_MEMBER void find(const StreakBar& bar, int y, int x0, BarSpans& out) const {
    const float from = bar.mx - static_cast<float>(x0);
    for (int j = 0; j < BarSpans::kRows; ++j) {
      const float dy = static_cast<float>(y + j) + 0.5F - bar.my;
      const float across = dy * across_slope;
      const float along = dy * along_slope;
      // From a pixel's middle to its number, and a tenth for what is rounded off: along a streak that lies
      // nearly flat these are differences of numbers of some ten thousands.
      const float low = larger(across - across_width, along - along_width) + from - 0.6F;
      const float high = smaller(across + across_width, along + along_width) + from - 0.4F;
      const bool met = (high >= 0) & (low <= synth::kTileWidth);
      const float left = met & (low > 0) ? low : 0.0F;
      const float right = met ? smaller(high, synth::kTileWidth - 1) : -1.0F;
      out.first[j] = static_cast<std::int32_t>(left);
      out.last[j] = static_cast<std::int32_t>(right);
      // The farthest point along the path in what is drawn of the row, rounded up to whole vectors.
      const float begin = static_cast<float>(x0 + out.first[j]) - bar.mx;
      const float end = static_cast<float>(x0 + out.last[j] + kVector) - bar.mx;
      const float s0 = std::fabs(begin * bar.ex + dy * bar.ey);
      const float s1 = std::fabs(end * bar.ex + dy * bar.ey);
      out.ends[j] = larger(s0, s1) >= bar.half - bar.reach ? 1 : 0;
    }
  }
};

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
    a.planes.mark(y, x) = 1;
    *a.planes.opacity(y, x) = opacity;
    *a.planes.glow(y, x) = glow;
  }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    const std::uint32_t begin = a.planes.lists.starts[tile.number];
    const std::uint32_t end = a.planes.lists.starts[tile.number + 1];
    if (begin == end) return;
    // A tile fits into the nearest cache; only what is inked goes to memory.
    Ground ground = {};
    const float nearest_m = a.depth.known() ? nearest(tile) : INFINITY;
    for (std::uint32_t i = begin; i < end; ++i) {
      const StreakBar bar = a.bars[a.planes.lists.shapes[i]];
      if (synth::visible_before(nearest_m * bar.inv_depth) < 1) {
        draw<true>(bar, tile, ground);
      } else {
        draw<false>(bar, tile, ground);
      }
    }
    for (int y = tile.y0; y < tile.y1; ++y) {
      for (int x = 0; x < synth::kTileWidth; x += kStretch) put(tile, y, x, ground);
    }
  }

 private:
  static constexpr int kStretch = synth::kInkStretch;

  /// Sums over a tile, with room for a vector that begins in its last column.
  struct Ground {
    float opacity[synth::kTileHeight][synth::kTileWidth + kVector];
    float glow[synth::kTileHeight][synth::kTileWidth + kVector];
  };

  PLUVIA_MEMBER void put(const Tile& tile, int y, int x, const Ground& ground) const {
    const float* const opacity = &ground.opacity[y - tile.y0][x];
    const float* const glow = &ground.glow[y - tile.y0][x];
    int any = 0;
    for (int i = 0; i < kStretch; ++i) any |= opacity[i] > 0 ? 1 : 0;
    a.planes.mark(y, tile.x0 + x) = static_cast<std::uint8_t>(any);
    if (any == 0) return;
    std::memcpy(a.planes.opacity(y, tile.x0 + x), opacity, kStretch * sizeof(float));
    std::memcpy(a.planes.glow(y, tile.x0 + x), glow, kStretch * sizeof(float));
  }

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
  PLUVIA_MEMBER void draw(const StreakBar& bar, const Tile& tile, Ground& ground) const {
    const float high = bar.half * std::fabs(bar.ey) + bar.reach * std::fabs(bar.ex) + bar.reach + 1;
    const float from = bar.my - high;
    const float to = bar.my + high;
    if (!(to > static_cast<float>(tile.y0)) || !(from < static_cast<float>(tile.y1))) return;
    const int top = from > static_cast<float>(tile.y0) ? static_cast<int>(from) : tile.y0;
    const int bottom = to < static_cast<float>(tile.y1) ? static_cast<int>(to) : tile.y1;
    const bool plain = !bar.rippled();
    const BarEdges edges(bar);
    BarSpans spans;
    for (int y = top; y < bottom; ++y) {
      const int j = (y - top) % BarSpans::kRows;
      if (j == 0) edges.find(bar, y, tile.x0, spans);
      const Columns columns{spans.first[j], spans.last[j]};
      if (bar.radius > 0) {
        add<true, true, kHidden, true>(bar, tile, y, columns, ground);
      } else if (spans.ends[j] != 0) {
        add<false, true, kHidden, true>(bar, tile, y, columns, ground);
      } else if (plain) {
        add<false, false, kHidden, false>(bar, tile, y, columns, ground);
      } else {
        add<false, false, kHidden, true>(bar, tile, y, columns, ground);
      }
    }
  }

  struct Columns {
    int first;
    int last;
  };

  template <bool kSharp, bool kEnds, bool kHidden, bool kRipple>
  PLUVIA_MEMBER void add(const StreakBar bar, const Tile& tile, int y, const Columns& columns,
                         Ground& ground) const {
    float* __restrict const opacity = ground.opacity[y - tile.y0];
    float* __restrict const glow = ground.glow[y - tile.y0];
    const float dy = static_cast<float>(y) + 0.5F - bar.my;
    for (int at = columns.first; at <= columns.last; at += kVector) {
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
