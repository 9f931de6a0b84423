// SPDX-License-Identifier: Apache-2.0
// The face of the water at one point of the pane, from the lobes around it (effects/glass_draw.h
// says how caps are shaped and joined).
#pragma once

#include <cmath>

#include "core/backend.h"
#include "synth/effects/glass_drops.h"

namespace pluvia::synth {

/// q > 0: water. Lengths in pixels of the picture.
struct Surface {
  float q = -1;
  float gx = 0;  ///< derivative of q by pixel
  float gy = 0;
  float radius_px = 1;
  float sin_contact = 0;
  float cos_contact = 1;

  /// Rise of the face per length: derivative of the height by place, over grad q.
  PLUVIA_MEMBER float slope_per_gradient() const {
    const float c2 = cos_contact * cos_contact;
    const float s2 = sin_contact * sin_contact;
    const float under = c2 + s2 * q;
    return 0.5F * radius_px * sin_contact / std::sqrt(under > 1e-4F ? under : 1e-4F);
  }
  /// Signed distance to the outline near it, positive inside.
  PLUVIA_MEMBER float inside_px() const {
    const float steep = std::sqrt(gx * gx + gy * gy);
    const float least = 0.5F / radius_px;
    return q / (steep > least ? steep : least);
  }
};

PLUVIA_FUNCTION Surface surface_of(const Lobe& lobe, float x, float y) {
  const float dx = x - lobe.x;
  const float dy = (y - lobe.y) / lobe.stretch;
  const float r2 = dx * dx + dy * dy;
  const float r = std::sqrt(r2);
  const float c1 = r > 1e-4F ? dx / r : 1;
  const float s1 = r > 1e-4F ? dy / r : 0;
  // Outline o(angle) and its derivative, by powers of the unit vector.
  float o = 1;
  float turn = 0;
  float c = c1;
  float s = s1;
  for (int k = 0; k < 3; ++k) {
    const float next = c * c1 - s * s1;
    s = s * c1 + c * s1;
    c = next;
    const float a = lobe.outline[2 * k];
    const float b = lobe.outline[2 * k + 1];
    o += a * c + b * s;
    turn += static_cast<float>(k + 2) * (b * c - a * s);
  }
  // Outside q falls with r / o. Inside it is round in the middle and takes the outline's shape on
  // the way out, u = rho / (1 + c rho^2) being 1 at rho = o; with r / o there too, every bump of
  // the outline would be a fold that runs to the middle.
  const float rho = r / lobe.radius_px;
  const bool inside = rho < o;
  const float inv_o = 1 / o;
  const float c_in = (o - 1) * inv_o * inv_o;
  const float bend = c_in * rho * rho;
  const float inv_e = 1 / (1 + bend);
  const float u = rho * (inside ? inv_e : inv_o);
  const float steep = 2 * u / lobe.radius_px;
  Surface out;
  out.q = 1 - u * u;
  // d/dr and d/(r d angle) of q, turned back to x and y.
  const float by_r = -steep * (inside ? (1 - bend) * inv_e * inv_e : inv_o);
  const float by_angle =
      steep * turn * inv_o * inv_o * (inside ? rho * rho * (2 - o) * inv_o * inv_e * inv_e : 1.0F);
  out.gx = by_r * c1 - by_angle * s1;
  out.gy = (by_r * s1 + by_angle * c1) / lobe.stretch;
  out.radius_px = lobe.radius_px;
  out.sin_contact = lobe.sin_contact;
  out.cos_contact = lobe.cos_contact;
  return out;
}

/// Polynomial smooth maximum; exact beyond `width` of difference. Its derivative is the same blend.
PLUVIA_FUNCTION void join(Surface& a, const Surface& b) {
  constexpr float kWidth = 0.45F;
  // Deep outside of both nothing flows together: the bridge exists only near an outline.
  const float share = 0.5F + (0.5F / kWidth) * (a.q - b.q);
  const float t = share < 0 ? 0.0F : (share > 1 ? 1.0F : share);
  const auto mix = [t](float of_b, float of_a) { return of_b + (of_a - of_b) * t; };
  a.q = mix(b.q, a.q) + kWidth * t * (1 - t);
  a.gx = mix(b.gx, a.gx);
  a.gy = mix(b.gy, a.gy);
  a.radius_px = mix(b.radius_px, a.radius_px);
  a.sin_contact = mix(b.sin_contact, a.sin_contact);
  a.cos_contact = mix(b.cos_contact, a.cos_contact);
}

}  // namespace pluvia::synth
