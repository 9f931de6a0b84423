// SPDX-License-Identifier: Apache-2.0
// Drops on the pane as the camera sees them: coverage, and the light that comes through.
//
// A cap is the level set q = 1 - (r / outline)^2 with height a / sin(th) * (sqrt(cos^2 th + q
// sin^2 th) - cos th), which is a sphere's for a round outline. Where caps touch, their q are
// joined by a smooth maximum, and scale and angle are blended alike. Slopes are exact derivatives
// of that height; light is looked up along the refracted ray in a pyramid at the local
// minification. The drop's light and coverage are then blurred together by the pane's circle of
// confusion, so that a soft edge shows the drop's own colours: F = (1 - M) B + light.
#pragma once

#include <span>
#include <vector>

#include "core/image.h"
#include "synth/effects/glass_drops.h"
#include "synth/effects/light_pyramid.h"

namespace pluvia::synth {

/// (H, W, 4): light R, G, B times coverage, then coverage, 0 to 1.
using GlassPlane = Image<float>;

struct GlassLook {
  double focal_px = 1000;
  float blur_px = 0;        ///< circle of confusion of the pane
  float rim_light = 0.12F;  ///< of the mean light: what total reflection at the rim shows
};

/// One plane per pyramid: the same drops over several scenes. Planes are empty (no rows) without
/// drops.
std::vector<GlassPlane> draw_glass(std::span<const Lobe> lobes, const GlassLook& look,
                                   std::span<const LightPyramid* const> scenes);

}  // namespace pluvia::synth
