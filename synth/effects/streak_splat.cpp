// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/streak_splat.h"

#include <cstring>

#include "core/for_each.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::Ends;
using synth::Ink;
using synth::SplatArgs;
using synth::StreakBar;

PLUVIA_FUNCTION float larger(float a, float b) { return a > b ? a : b; }
PLUVIA_FUNCTION float smaller(float a, float b) { return a < b ? a : b; }

constexpr int kVector = 8;  ///< pixels worked on side by side

/// Where a tile's rows may meet a bar, as columns from the tile's first; none where `last` is
/// before `first`.
struct BarSpans {
  static constexpr int kRows = 8;  ///< found at a time
  static constexpr int kRoom = synth::kTileHeight + kRows;

  std::int32_t first[kRoom];
  std::int32_t last[kRoom];
  std::int32_t ends[kRoom];  ///< whether an end's ramp reaches into it
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

  /// Of kRows rows from y on, to be kept from `at` on. Several at a time, without branches: one by
  /// one they would take as long as the pixels of a thin streak.
  PLUVIA_MEMBER void find(const StreakBar& bar, int y, int x0, int at, BarSpans& out) const {
    const float from = bar.mx - static_cast<float>(x0);
    for (int j = 0; j < BarSpans::kRows; ++j) {
      const float dy = static_cast<float>(y + j) + 0.5F - bar.my;
      const float across = dy * across_slope;
      const float along = dy * along_slope;
      // From a pixel's middle to its number, and a tenth for what is rounded off: along a streak
      // that lies nearly flat these are differences of numbers of some ten thousands.
      const float low = larger(across - across_width, along - along_width) + from - 0.6F;
      const float high = smaller(across + across_width, along + along_width) + from - 0.4F;
      const bool met = (high >= 0) & (low <= synth::kTileWidth);
      const float left = met & (low > 0) ? low : 0.0F;
      const float right = met ? smaller(high, synth::kTileWidth - 1) : -1.0F;
      out.first[at + j] = static_cast<std::int32_t>(left);
      out.last[at + j] = static_cast<std::int32_t>(right);
      // The farthest point along the path in what is drawn of the row, rounded up to whole vectors.
      const float begin = static_cast<float>(x0 + out.first[at + j]) - bar.mx;
      const float end = static_cast<float>(x0 + out.last[at + j] + kVector) - bar.mx;
      const float s0 = std::fabs(begin * bar.ex + dy * bar.ey);
      const float s1 = std::fabs(end * bar.ex + dy * bar.ey);
      out.ends[at + j] = larger(s0, s1) >= bar.half - bar.reach ? 1 : 0;
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
      float alpha = bar.radius > 0  ? synth::bar_opacity<true, Ends::kBoth>(bar, dx, dy)
                    : bar.is_long() ? synth::bar_opacity<false, Ends::kNearest>(bar, dx, dy)
                                    : synth::bar_opacity<false, Ends::kBoth>(bar, dx, dy);
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

  static constexpr int kSpareColumn = synth::kTileWidth;  ///< the first that nobody looks at

  /// Sums over a tile, with room for a vector that begins behind its last column and for a row
  /// more.
  struct Ground {
    float opacity[synth::kTileHeight + 1][synth::kTileWidth + kVector];
    float glow[synth::kTileHeight + 1][synth::kTileWidth + kVector];
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
    for (int y = top; y < bottom; y += BarSpans::kRows) edges.find(bar, y, tile.x0, y - top, spans);
    const auto ends = [&](int y) { return spans.ends[y - top] | spans.ends[y - top + 1]; };
    for (int y = top; y < bottom;) {
      const int kind = ends(y);
      int end = y + 2;
      while (end < bottom && ends(end) == kind) end += 2;
      const Rows rows{y, end, spans.first + (y - top), spans.last + (y - top)};
      if (bar.radius > 0) {
        add<true, Ends::kBoth, kHidden, true>(bar, tile, rows, ground);
      } else if (kind != 0) {
        if (bar.is_long()) {
          add<false, Ends::kNearest, kHidden, true>(bar, tile, rows, ground);
        } else {
          add<false, Ends::kBoth, kHidden, true>(bar, tile, rows, ground);
        }
      } else if (plain) {
        add<false, Ends::kNone, kHidden, false>(bar, tile, rows, ground);
      } else {
        add<false, Ends::kNone, kHidden, true>(bar, tile, rows, ground);
      }
      y = end;
    }
  }

  /// An even number of rows and the columns in which each may meet the bar. The last may be the one
  /// behind the tile's last.
  struct Rows {
    int begin;
    int end;
    const std::int32_t* first;
    const std::int32_t* last;
  };

  /// Most rows meet a bar in no more pixels than go side by side, so that two of them fill the
  /// widest registers.
  template <bool kSharp, Ends kEnds, bool kHidden, bool kRipple>
  PLUVIA_MEMBER void add(const StreakBar bar, const Tile& tile, const Rows& rows,
                         Ground& ground) const {
    for (int y = rows.begin; y < rows.end; y += 2) {
      const std::int32_t* const first = rows.first + (y - rows.begin);
      const std::int32_t* const last = rows.last + (y - rows.begin);
      for (int at = 0; first[0] + at <= last[0] || first[1] + at <= last[1]; at += kVector) {
        // A row that ends before the other goes on where nothing is looked at.
        const int x0 = first[0] + at <= last[0] ? first[0] + at : kSpareColumn;
        const int x1 = first[1] + at <= last[1] ? first[1] + at : kSpareColumn;
        add_vectors<kSharp, kEnds, kHidden, kRipple>(bar, tile, y, x0, x1, ground);
      }
    }
  }

  /// Of row y from column x0 on, of the next one from x1 on.
  template <bool kSharp, Ends kEnds, bool kHidden, bool kRipple>
  PLUVIA_MEMBER void add_vectors(const StreakBar bar, const Tile& tile, int y, int x0, int x1,
                                 Ground& ground) const {
    float scene_m[2 * kVector];
    if constexpr (kHidden) {
      for (int j = 0; j < 2 * kVector; ++j) {
        const int x = tile.x0 + (j < kVector ? x0 : x1 - kVector) + j;
        const int row = j < kVector || y + 1 == tile.y1 ? y : y + 1;
        scene_m[j] = a.depth.at(row, x < tile.x1 ? x : tile.x1 - 1);
      }
    }
    float opacity[2 * kVector];
    float glow[2 * kVector];
    for (int j = 0; j < 2 * kVector; ++j) {
      const int x = tile.x0 + (j < kVector ? x0 : x1 - kVector) + j;
      const int row = j < kVector ? y : y + 1;
      const float dx = static_cast<float>(x) + 0.5F - bar.mx;
      const float dy = static_cast<float>(row) + 0.5F - bar.my;
      float alpha = synth::bar_opacity<kSharp, kEnds>(bar, dx, dy);
      if constexpr (kHidden) alpha *= synth::visible_before(scene_m[j] * bar.inv_depth);
      const Ink ink = synth::ink_of<kRipple>(bar, alpha, dx, dy);
      opacity[j] = ink.opacity;
      glow[j] = ink.glow;
    }
    sum_up(opacity, &ground.opacity[y - tile.y0][x0]);
    sum_up(opacity + kVector, &ground.opacity[y - tile.y0 + 1][x1]);
    sum_up(glow, &ground.glow[y - tile.y0][x0]);
    sum_up(glow + kVector, &ground.glow[y - tile.y0 + 1][x1]);
  }

  PLUVIA_MEMBER static void sum_up(const float* ink, float* to) {
    float sum[kVector];
    std::memcpy(sum, to, sizeof sum);
    for (int j = 0; j < kVector; ++j) sum[j] += ink[j];
    std::memcpy(to, sum, sizeof sum);
  }
};

void draw_streaks(const SplatArgs& args) { for_each_tile(args.grid, SplatBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
