// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_draw.h"

#include "core/for_each.h"
#include "synth/effects/glass_face.h"

namespace pluvia::PLUVIA_BACKEND {

using synth::GlassArgs;
using synth::Lobe;
using synth::Look;
using synth::Surface;

constexpr float kDry = -1e30F;  ///< q before the first lobe

PLUVIA_FUNCTION bool in_reach(const Lobe& lobe, float x, float y) {
  const float reach = lobe.radius_px * synth::kInfluence;
  return std::fabs(x - lobe.x) <= reach && std::fabs(y - lobe.y) <= reach * lobe.stretch;
}

struct GlassBody {
  GlassArgs a;

  PLUVIA_MEMBER void pixel(const Tile& tile, int x, int y) const {
    float* const out = a.plane + (static_cast<std::ptrdiff_t>(y) * a.pane.width + x) * a.scene.lanes;
    const float px = a.pane.middle(x);
    const float py = a.pane.middle(y);
    Surface face;
    face.q = kDry;
    const std::uint32_t end = a.lists.starts[tile.number + 1];
    for (std::uint32_t i = a.lists.starts[tile.number]; i < end; ++i) {
      const Lobe& lobe = a.lobes[a.lists.shapes[i]];
      if (in_reach(lobe, px, py)) join(face, surface_of(lobe, px, py));
    }
    const float coverage = coverage_of(face);
    for (int l = 0; l < a.scene.lanes; ++l) out[l] = 0;
    if (coverage <= 0) return;
    if (a.scene.lanes == 8) {
      shade<8>(coverage, look_of(face, px, py), out);
    } else {
      shade<4>(coverage, look_of(face, px, py), out);
    }
  }

  PLUVIA_MEMBER void rows(const Tile& tile) const {
    const bool dry = a.lists.empty(tile.number);
    for (int y = tile.y0; y < tile.y1; ++y) {
      float* const out =
          a.plane + (static_cast<std::ptrdiff_t>(y) * a.pane.width + tile.x0) * a.scene.lanes;
      const int count = (tile.x1 - tile.x0) * a.scene.lanes;
      for (int i = 0; i < count; ++i) out[i] = 0;
      if (dry) continue;
      if (a.scene.lanes == 8) {
        draw_row<8>(tile, y, out);
      } else {
        draw_row<4>(tile, y, out);
      }
    }
  }

 private:
  static constexpr int kWide = synth::kPaneTile;

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

  template <int kLanes>
  PLUVIA_MEMBER void shade(float coverage, const Look& look, float* out) const {
    const float* const mean = a.scene.level(a.scene.last);
    const float rim = (1 - look.transmitted) * a.rim_light;
    float light[kLanes] = {};
    if (look.transmitted > 0) {
      synth::look_at<kLanes>(a.scene, look.x + a.centre_x, look.y + a.centre_y, look.level, light);
    }
    for (int l = 0; l < kLanes; ++l) {
      out[l] = coverage * (look.transmitted * light[l] + rim * mean[l]);
    }
    out[3] = coverage;
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

  /// Whether any lobe reaches the row.
  PLUVIA_MEMBER bool find_faces(const Tile& tile, int y, FaceRow& row) const {
    constexpr int kVector = 8;
    const float py = a.pane.middle(y);
    bool any = false;
    const std::uint32_t end = a.lists.starts[tile.number + 1];
    for (std::uint32_t i = a.lists.starts[tile.number]; i < end; ++i) {
      const Lobe lobe = a.lobes[a.lists.shapes[i]];
      const float reach = lobe.radius_px * synth::kInfluence;
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
  PLUVIA_MEMBER void draw_row(const Tile& tile, int y, float* out) const {
    FaceRow row;
    if (!find_faces(tile, y, row)) return;
    const float py = a.pane.middle(y);
    float coverage[kWide];
    float x_of[kWide];
    float y_of[kWide];
    float level[kWide];
    float transmitted[kWide];
    for (int x = 0; x < kWide; ++x) coverage[x] = coverage_of(row.get(x));
    int wet = 0;
    for (int x = 0; x < kWide; ++x) wet |= coverage[x] > 0 ? 1 : 0;
    if (wet == 0) return;
    for (int x = 0; x < kWide; ++x) {
      const Look look = look_of(row.get(x), a.pane.middle(tile.x0 + x), py);
      x_of[x] = look.x;
      y_of[x] = look.y;
      level[x] = look.level;
      transmitted[x] = look.transmitted;
    }
    for (int x = 0; x < tile.x1 - tile.x0; ++x) {
      if (coverage[x] <= 0) continue;
      shade<kLanes>(coverage[x], {x_of[x], y_of[x], level[x], transmitted[x]}, out + x * kLanes);
    }
  }
};

void draw_glass(const GlassArgs& args) { for_each_tile(args.grid, GlassBody{args}); }

}  // namespace pluvia::PLUVIA_BACKEND
