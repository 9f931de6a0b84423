// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_draw.h"

#include "core/for_each.h"
#include "synth/effects/glass_face.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::GlassArgs;
using synth::Lobe;
using synth::Look;
using synth::Sight;
using synth::Surface;

constexpr float kDry = -1e30F;  ///< q before the first lobe

struct GlassBody {
  GlassArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    const std::ptrdiff_t at = place(y, x);
    const int planes = synth::pane_planes(a.scene.lanes);
    for (int l = 0; l < planes; ++l) a.planes[l * a.pane.numbers() + at] = 0;
    const float px = a.pane.middle(x);
    const float py = a.pane.middle(y);
    Surface face;
    face.q = kDry;
    const std::uint32_t end = a.lists.starts[tile.number + 1];
    for (std::uint32_t i = a.lists.starts[tile.number]; i < end; ++i) {
      const Lobe& lobe = a.lobes[a.lists.shapes[i]];
      const float reach = reach_of(lobe);
      const bool near =
          std::fabs(px - lobe.x) <= reach && std::fabs(py - lobe.y) <= reach * lobe.stretch;
      if (near) join(face, surface_of(lobe, px, py));
    }
    const float coverage = coverage_of(face);
    if (coverage <= 0) return;
    const Look look = look_of(face, px, py);
    const Sight sight = sight_of(a.scene, look.x + a.centre_x, look.y + a.centre_y, look.level);
    const Share share{coverage, look.transmitted, look.falls};
    float light[8];
    if (a.scene.lanes == 8) {
      shade<8>(share, sight, light, a.planes + at, a.pane.numbers());
    } else {
      shade<4>(share, sight, light, a.planes + at, a.pane.numbers());
    }
  }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    if (a.scene.lanes == 8) {
      draw_tile<8>(tile);
    } else {
      draw_tile<4>(tile);
    }
  }

 private:
  static constexpr int kWide = synth::kPaneTile;
  static constexpr int kVector = 16;  ///< pixels worked on side by side

  /// The edge of a small drop is as soft as a pane pixel is wide.
  PLUVIA_MEMBER float reach_of(const Lobe& lobe) const {
    return synth::influence_px(lobe) + static_cast<float>(a.pane.scale);
  }

  /// A ramp one pane pixel wide across the outline. Where the outline bends within a pixel, q falls
  /// off more slowly outside than inside; less by scale^2 / 6 of the radius squared, a round foot
  /// keeps its area exactly.
  PLUVIA_MEMBER float coverage_of(Surface face) const {
    const float scale = static_cast<float>(a.pane.scale);
    const float bend = scale / face.radius_px;
    face.q -= bend * bend * (1.0F / 6);
    const float inside = face.inside_px() / scale + 0.5F;
    return inside < 0 ? 0.0F : (inside > 1 ? 1.0F : inside);
  }
  PLUVIA_MEMBER Look look_of(Surface face, float px, float py) const {
    face.q = face.q > 0 ? face.q : 0.0F;
    return look_through(face, px - a.centre_x, py - a.centre_y, a.focal_px,
                        static_cast<float>(a.pane.scale));
  }

  PLUVIA_MEMBER std::ptrdiff_t place(int y, int x) const {
    return static_cast<std::ptrdiff_t>(y) * a.pane.width + x;
  }

  /// What a pixel shows of the drop.
  struct Share {
    float coverage;
    float transmitted;
    float falls;
  };

  /// A pixel's numbers, each to its plane `next` after the one before. `light` is scratch memory:
  /// lanes that are stored side by side are worked on side by side.
  template <int kLanes>
  PLUVIA_MEMBER void shade(const Share& share, const Sight& sight, float* light, float* out,
                           std::ptrdiff_t next) const {
    const float* const mean = a.scene.level(a.scene.last);
    const float rim =
        share.coverage * (1 - share.transmitted) * (a.rim_light + a.rim_sky * share.falls);
    const float through = share.coverage * share.transmitted;
    synth::look_at<kLanes>(a.scene, sight, light);
    for (int l = 0; l < kLanes; ++l) light[l] = through * light[l] + rim * mean[l];
    light[3] = share.coverage;
    for (int l = 0; l < synth::pane_planes(kLanes); ++l) out[l * next] = light[l];
  }

  /// Faces of a row of a tile, lane by lane.
  struct FaceRow {
    float q[kWide], gx[kWide], gy[kWide], radius[kWide], sine[kWide], cosine[kWide];

    PLUVIA_MEMBER Surface get(int x) const {
      return {q[x], gx[x], gy[x], radius[x], sine[x], cosine[x]};
    }
    PLUVIA_MEMBER void set(int x, const Surface& s) {
      q[x] = s.q;
      gx[x] = s.gx;
      gy[x] = s.gy;
      radius[x] = s.radius_px;
      sine[x] = s.sin_contact;
      cosine[x] = s.cos_contact;
    }
  };

  struct SightRow {
    std::int32_t level[kWide];
    float coarser[kWide];
    std::int32_t place[2][4][kWide];  ///< fine and coarse: x0, x1, y0, y1
    float fraction[2][2][kWide];

    PLUVIA_MEMBER synth::Footing footing(int k, int x) const {
      return {place[k][0][x], place[k][1][x],    place[k][2][x],
              place[k][3][x], fraction[k][0][x], fraction[k][1][x]};
    }
    PLUVIA_MEMBER Sight get(int x) const {
      return {level[x], coarser[x], footing(0, x), footing(1, x)};
    }
    PLUVIA_MEMBER void set(int k, int x, const synth::Footing& at) {
      place[k][0][x] = at.x0;
      place[k][1][x] = at.x1;
      place[k][2][x] = at.y0;
      place[k][3][x] = at.y1;
      fraction[k][0][x] = at.fx;
      fraction[k][1][x] = at.fy;
    }
    PLUVIA_MEMBER void set(int x, const Sight& sight) {
      level[x] = sight.level;
      coarser[x] = sight.coarser;
      set(0, x, sight.fine);
      set(1, x, sight.coarse);
    }
  };

  /// Whether any lobe reaches the row.
  PLUVIA_MEMBER bool find_faces(const Tile& tile, int y, FaceRow& row) const {
    const float py = a.pane.middle(y);
    bool any = false;
    const std::uint32_t end = a.lists.starts[tile.number + 1];
    for (std::uint32_t i = a.lists.starts[tile.number]; i < end; ++i) {
      const Lobe lobe = a.lobes[a.lists.shapes[i]];
      const float reach = reach_of(lobe);
      if (!(std::fabs(py - lobe.y) <= reach * lobe.stretch)) continue;
      const float scale = static_cast<float>(a.pane.scale);
      const float low = (lobe.x - reach) / scale + static_cast<float>(a.pane.margin - tile.x0) - 2;
      const float high = (lobe.x + reach) / scale + static_cast<float>(a.pane.margin - tile.x0) + 1;
      if (!(high >= 0) || !(low < kWide)) continue;
      if (!any) {
        for (int x = 0; x < kWide; ++x) row.set(x, {kDry, 0, 0, 1, 0, 1});
        any = true;
      }
      const int first = low > 0 ? static_cast<int>(low) / kVector * kVector : 0;
      const int last = high < kWide - 1 ? static_cast<int>(high) : kWide - 1;
      for (int at = first; at <= last; at += kVector) {
        for (int x = at; x < at + kVector; ++x) {
          const float px = a.pane.middle(tile.x0 + x);
          const Surface before = row.get(x);
          Surface joined = before;
          join(joined, surface_of(lobe, px, py));
          const bool near = std::fabs(px - lobe.x) <= reach;
          row.q[x] = near ? joined.q : before.q;
          row.gx[x] = near ? joined.gx : before.gx;
          row.gy[x] = near ? joined.gy : before.gy;
          row.radius[x] = near ? joined.radius_px : before.radius_px;
          row.sine[x] = near ? joined.sin_contact : before.sin_contact;
          row.cosine[x] = near ? joined.cos_contact : before.cos_contact;
        }
      }
    }
    return any;
  }

  template <int kLanes>
  PLUVIA_MEMBER void draw_tile(const Tile& tile) const {
    constexpr int kPlanes = synth::pane_planes(kLanes);
    const bool dry = a.lists.empty(tile.number);
    for (int y = tile.y0; y < tile.y1; ++y) {
      float light[kPlanes][kWide];
      const bool wet = !dry && draw_row<kLanes>(tile, y, light);
      for (int l = 0; l < kPlanes; ++l) {
        float* const out = a.planes + l * a.pane.numbers() + place(y, tile.x0);
        if (wet) {
          for (int x = 0; x < tile.x1 - tile.x0; ++x) out[x] = light[l][x];
        } else {
          for (int x = 0; x < tile.x1 - tile.x0; ++x) out[x] = 0;
        }
      }
    }
  }

  /// False, and nothing in `out`, where no water is.
  template <int kLanes>
  PLUVIA_MEMBER bool draw_row(const Tile& tile, int y, float out[][kWide]) const {
    FaceRow row;
    if (!find_faces(tile, y, row)) return false;
    float coverage[kWide];
    int wet = 0;
    for (int x = 0; x < kWide; ++x) coverage[x] = coverage_of(row.get(x));
    for (int x = 0; x < kWide; ++x) wet |= coverage[x] > 0 ? 1 : 0;
    if (wet == 0) return false;
    const float py = a.pane.middle(y);
    float transmitted[kWide];
    float falls[kWide];
    SightRow sight;
    for (int x = 0; x < kWide; x += kVector) {
      int any = 0;
      for (int i = x; i < x + kVector; ++i) any |= coverage[i] > 0 ? 1 : 0;
      if (any != 0) find_sights(tile.x0, x, py, row, {transmitted, falls, &sight});
    }
    for (int l = 0; l < synth::pane_planes(kLanes); ++l) {
      for (int x = 0; x < kWide; ++x) out[l][x] = 0;
    }
    float light[kWide][kLanes];
    for (int x = 0; x < kWide; ++x) {
      if (coverage[x] <= 0) continue;
      shade<kLanes>({coverage[x], transmitted[x], falls[x]}, sight.get(x), light[x], out[0] + x,
                    kWide);
    }
    return true;
  }

  struct RowLooks {
    float* transmitted;
    float* falls;
    SightRow* sight;
  };

  /// Of kVector pixels from column `first` of the tile on.
  PLUVIA_MEMBER void find_sights(int x0, int first, float py, const FaceRow& row,
                                 const RowLooks& to) const {
    float x_of[kVector];
    float y_of[kVector];
    float level[kVector];
    for (int i = 0; i < kVector; ++i) {
      const Look look = look_of(row.get(first + i), a.pane.middle(x0 + first + i), py);
      x_of[i] = look.x + a.centre_x;
      y_of[i] = look.y + a.centre_y;
      level[i] = look.level;
      to.transmitted[first + i] = look.transmitted;
      to.falls[first + i] = look.falls;
    }
    for (int i = 0; i < kVector; ++i) {
      to.sight->set(first + i, sight_of(a.scene, x_of[i], y_of[i], level[i]));
    }
  }
};

void draw_glass(const GlassArgs& args) { for_each_tile(args.grid, GlassBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
