// SPDX-License-Identifier: Apache-2.0
// From the face of the water at a pixel to where its ray goes and how small the scene looks there.
#pragma once

#include <cmath>

#include "core/backend.h"
#include "core/exact_float.h"
#include "synth/effects/glass_optics.h"
#include "synth/effects/glass_surface.h"

namespace pluvia::synth {

/// Sideways, how far from its middle a lobe matters: where its q is above -0.45, the width of the
/// smooth joint (times the stretch: up and down).
PLUVIA_FUNCTION float influence_px(const Lobe& lobe) {
  float widest = 1;
  for (int k = 0; k < 6; ++k) widest += std::fabs(lobe.outline[k]);
  return 1.21F * widest * lobe.radius_px;
}

/// Where a pixel's ray meets the picture of the scene.
struct Look {
  float x = 0;
  float y = 0;
  float level = 0;
  float transmitted = 0;  ///< 0: nothing passes, the rest means nothing
  float falls = 0;        ///< the face slopes downward: 1 at a drop's foot, -1 at its top
};

/// Paraxial minification (n - 1) f / Rc of a cap, at least 1.
PLUVIA_FUNCTION float least_minification(float sin_contact, float radius_px, float focal_px) {
  const float bend = (kWaterIndex - 1) * focal_px * sin_contact / radius_px;
  return bend > 1 ? bend : 1.0F;
}

/// (vx, vy): the pixel from the principal point. Pixels of `scale` picture pixels are drawn.
PLUVIA_FUNCTION Look look_through(const Surface& surface, float vx, float vy, float focal_px,
                                  float scale) {
  const float inv = 1 / std::sqrt(vx * vx + vy * vy + focal_px * focal_px);
  const float rise = surface.slope_per_gradient();
  const float sx = rise * surface.gx;
  const float sy = rise * surface.gy;
  const Refraction r = through_drop({vx * inv, vy * inv, focal_px * inv}, sx, sy);
  // Below this, a ray runs along the pane: nothing that could be told from the rim.
  constexpr float kAlong = 0.05F;
  const float away = r.direction.z;
  const float depth = focal_px / (away > kAlong ? away : kAlong);
  // More than paraxial where the face is steep.
  const float bend = (kWaterIndex - 1) * focal_px * surface.sin_contact / surface.radius_px *
                     (1 + sx * sx + sy * sy);
  const float minified = (bend > 1 ? bend : 1.0F) * scale;
  return {depth * r.direction.x, depth * r.direction.y, exact::rough_log2(minified),
          away > kAlong ? r.transmitted : 0.0F, -sy / std::sqrt(sx * sx + sy * sy + 1e-6F)};
}

}  // namespace pluvia::synth
