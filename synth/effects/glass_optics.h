// SPDX-License-Identifier: Apache-2.0
// How a ray of sight passes a drop that sits on the far side of a pane: in through the flat foot,
// out through the curved face, by Snell's law with n = 1.333. A plane-parallel pane leaves the
// direction unchanged, so its own index does not matter. Above a slope of 48.6 degrees (for normal
// sight) the face reflects everything: the dark band at the rim of steep drops.
#pragma once

#include <cmath>

#include "core/backend.h"

namespace pluvia::synth {

inline constexpr float kWaterIndex = 1.333F;

/// x right, y down, z away from the camera.
struct Ray {
  float x = 0;
  float y = 0;
  float z = 1;
};

struct Refraction {
  Ray direction;          ///< of length 1; meaningless when nothing passes
  float transmitted = 0;  ///< share of the light that passes both faces; 0: total reflection
};

/// Fresnel's transmittance of unpolarised light between cosines of one interface.
PLUVIA_FUNCTION float fresnel(float cos_in, float cos_out, float index_ratio) {
  // index_ratio = n_in / n_out
  const float s = (index_ratio * cos_in - cos_out) / (index_ratio * cos_in + cos_out);
  const float p = (index_ratio * cos_out - cos_in) / (index_ratio * cos_out + cos_in);
  return 1 - 0.5F * (s * s + p * p);
}

/// `sight` of length 1 with z > 0; the height of the face over the pane rises by (slope_x, slope_y)
/// per unit length.
PLUVIA_FUNCTION Refraction through_drop(const Ray& sight, float slope_x, float slope_y) {
  constexpr float kInto = 1 / kWaterIndex;
  const float cos_pane = sight.z;
  const float cos_water = std::sqrt(1 - kInto * kInto * (1 - cos_pane * cos_pane));
  const Ray inside{sight.x * kInto, sight.y * kInto, cos_water};
  const float entered = fresnel(cos_pane, cos_water, kInto);
  // Outward normal of the face.
  const float scale = 1 / std::sqrt(1 + slope_x * slope_x + slope_y * slope_y);
  const Ray normal{-slope_x * scale, -slope_y * scale, scale};
  const float cos_in = inside.x * normal.x + inside.y * normal.y + inside.z * normal.z;
  const float sin2_out = kWaterIndex * kWaterIndex * (1 - cos_in * cos_in);
  // Without branches, so that it vectorises: where all is reflected cos_out is 0, and so is what
  // Fresnel's formula lets through.
  const float rest = 1 - sin2_out;
  const float cos_out = std::sqrt(rest > 0 ? rest : 0.0F);
  const float along = cos_out - kWaterIndex * cos_in;
  return {{kWaterIndex * inside.x + along * normal.x, kWaterIndex * inside.y + along * normal.y,
           kWaterIndex * inside.z + along * normal.z},
          cos_in > 0 ? entered * fresnel(cos_in, cos_out, kWaterIndex) : 0.0F};
}

}  // namespace pluvia::synth
