// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_draw.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "core/parallel.h"
#include "synth/effects/box_blur.h"
#include "synth/effects/glass_optics.h"
#include "synth/effects/glass_surface.h"
#include "synth/effects/tile_bins.h"

namespace pluvia::synth {
namespace {

/// A cap's smooth joint reaches no further than this many radii (times the stretch).
constexpr float kInfluence = 1.7F;

/// Exponent and mantissa read as a number: exact at powers of two, 0.09 low at worst between.
float rough_log2(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  return static_cast<float>(bits) * 0x1p-23F - 127.0F;
}

struct Pixel {
  float x;
  float y;
};

/// Where a pixel's ray goes through the drop's face, in the picture of the scene.
struct Look {
  float x = 0;
  float y = 0;
  float level = 0;
  float transmitted = 0;
};

class Optics {
 public:
  Optics(const GlassLook& look, int height, int width)
      : focal_px_(static_cast<float>(look.focal_px)),
        cx_(0.5F * static_cast<float>(width)),
        cy_(0.5F * static_cast<float>(height)) {}

  Look look(const Surface& surface, Pixel at) const {
    const float vx = at.x - cx_;
    const float vy = at.y - cy_;
    const float inv = 1 / std::sqrt(vx * vx + vy * vy + focal_px_ * focal_px_);
    const float rise = surface.slope_per_gradient();
    const float sx = rise * surface.gx;
    const float sy = rise * surface.gy;
    const Refraction r = through_drop({vx * inv, vy * inv, focal_px_ * inv}, sx, sy);
    // Below this, a ray runs along the pane: nothing that could be told from the rim.
    if (r.transmitted <= 0 || r.direction.z < 0.05F) return {};
    const float scale = focal_px_ / r.direction.z;
    // Paraxial minification (n - 1) f / Rc, more where the face is steep.
    const float bend = (kWaterIndex - 1) * focal_px_ * surface.sin_contact / surface.radius_px;
    const float minified = std::max(1.0F, bend * (1 + sx * sx + sy * sy));
    return {cx_ + scale * r.direction.x, cy_ + scale * r.direction.y, rough_log2(minified),
            r.transmitted};
  }

 private:
  float focal_px_;
  float cx_;
  float cy_;
};

/// The joined face of the lobes of a tile; false where there is no water.
bool find_surface(std::span<const Lobe> lobes, std::span<const std::uint32_t> near, Pixel at,
                  Surface& out) {
  bool any = false;
  for (const std::uint32_t i : near) {
    const Lobe& lobe = lobes[i];
    const float dx = std::abs(at.x - lobe.x);
    const float dy = std::abs(at.y - lobe.y);
    const float reach = lobe.radius_px * kInfluence;
    if (dx > reach || dy > reach * lobe.stretch) continue;
    const Surface one = surface_of(lobe, at.x, at.y);
    if (any) {
      join(out, one);
    } else {
      out = one;
      any = true;
    }
  }
  return any && out.inside_px() > -0.5F;
}

struct Drawing {
  std::span<const Lobe> lobes;
  std::span<const LightPyramid* const> scenes;
  std::span<GlassPlane> planes;
  Optics optics;
  float rim_light;
};

void draw_pixel(const Drawing& drawing, std::span<const std::uint32_t> near, int x, int y) {
  const Pixel at{static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F};
  Surface surface;
  if (!find_surface(drawing.lobes, near, at, surface)) return;
  const float coverage = std::clamp(surface.inside_px() + 0.5F, 0.0F, 1.0F);
  surface.q = std::max(surface.q, 0.0F);
  const Look look = drawing.optics.look(surface, at);
  for (std::size_t k = 0; k < drawing.scenes.size(); ++k) {
    const LightPyramid& scene = *drawing.scenes[k];
    const Rgb around =
        scene.sample(at.x, at.y, static_cast<float>(std::max(0, scene.levels() - 2)));
    Rgb light{};
    if (look.transmitted > 0) light = scene.sample(look.x, look.y, look.level);
    const float rim = (1 - look.transmitted) * drawing.rim_light;
    float* const p = &drawing.planes[k].view().at(y, x);
    p[0] = coverage * (look.transmitted * light.r + rim * around.r);
    p[1] = coverage * (look.transmitted * light.g + rim * around.g);
    p[2] = coverage * (look.transmitted * light.b + rim * around.b);
    p[3] = coverage;
  }
}

}  // namespace

std::vector<GlassPlane> draw_glass(std::span<const Lobe> lobes, const GlassLook& look,
                                   std::span<const LightPyramid* const> scenes) {
  std::vector<GlassPlane> planes(scenes.size());
  if (lobes.empty() || scenes.empty()) return planes;
  const int height = scenes[0]->level(0).height();
  const int width = scenes[0]->level(0).width();
  for (GlassPlane& plane : planes) {
    plane = GlassPlane(height, width, 4, Transfer::kLinear);
    std::fill(plane.pixels().begin(), plane.pixels().end(), 0.0F);
  }
  TileBins bins(height, width);
  for (std::size_t i = 0; i < lobes.size(); ++i) {
    const Lobe& lobe = lobes[i];
    const auto x = static_cast<double>(lobe.x);
    const auto y = static_cast<double>(lobe.y);
    const auto rx = static_cast<double>(lobe.radius_px * kInfluence);
    const double ry = rx * static_cast<double>(lobe.stretch);
    bins.add(static_cast<std::uint32_t>(i), {x - rx, y - ry, x + rx, y + ry});
  }
  const Drawing drawing{lobes, scenes, planes, Optics(look, height, width), look.rim_light};
  parallel_for(bins.count(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (int tile = static_cast<int>(begin); tile < static_cast<int>(end); ++tile) {
      const auto near = bins.of(tile);
      if (near.empty()) continue;
      const int x1 = std::min(width, bins.x_of(tile) + TileBins::kTile);
      const int y1 = std::min(height, bins.y_of(tile) + TileBins::kTile);
      for (int y = bins.y_of(tile); y < y1; ++y) {
        for (int x = bins.x_of(tile); x < x1; ++x) draw_pixel(drawing, near, x, y);
      }
    }
  });
  for (GlassPlane& plane : planes) blur_disc(plane.view(), look.blur_px);
  return planes;
}

}  // namespace pluvia::synth
