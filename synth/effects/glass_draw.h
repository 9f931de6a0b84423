// SPDX-License-Identifier: Apache-2.0
// Drops on the pane as the camera sees them: coverage, and the light that comes through.
//
// A cap is the level set q = 1 - (r / outline)^2 with height a / sin(th) * (sqrt(cos^2 th + q
// sin^2 th) - cos th), which is a sphere's for a round outline. Where caps touch, their q are
// joined by a smooth maximum, and scale and angle are blended alike. Slopes are exact derivatives
// of that height; light is looked up along the refracted ray in a pyramid at the local
// minification. What is reflected at the rim shows a share of the mean light, more of it at a
// drop's foot, which mirrors the sky. The drop's light and coverage are blurred together by the
// pane's circle of confusion (effects/pane.h), so that a soft edge shows the drop's own colours: F
// = (1 - M) B + light.
#pragma once

#include <cstddef>
#include <span>

#include "core/backend.h"
#include "synth/effects/glass_drops.h"
#include "synth/effects/light_pyramid.h"
#include "synth/effects/pane.h"
#include "synth/effects/tile_bins.h"

namespace pluvia::synth {

inline constexpr int kPaneTile = 32;

inline TileGrid pane_tiles(const PaneGrid& pane) {
  return {pane.height, pane.width, kPaneTile, kPaneTile};
}

struct GlassArgs {
  TileGrid grid;
  PaneGrid pane;
  TileLists lists;  ///< lobes of each tile
  const Lobe* lobes = nullptr;
  LightLevels scene;
  float focal_px = 1000;
  float centre_x = 0;
  float centre_y = 0;
  /// Of what the face reflects instead of letting through, in mean light: the rim mirrors what is
  /// above where it slopes down, what is below where it slopes up.
  float rim_light = 0.3F;
  float rim_sky = 0.18F;    ///< more of it at the foot, less at the top
  float* planes = nullptr;  ///< pane_planes(scene.lanes) of them
};

struct GlassBlurArgs {
  TileGrid grid;
  PaneGrid pane;
  int planes = 4;
  const BlurTap* taps = nullptr;
  int tap_count = 0;
  int reach = 0;
  TileLists lists;  ///< lobes that reach into each tile when blurred
  const float* from = nullptr;
  float* to = nullptr;
};

/// The finest level of light that any of the lobes shows.
int finest_level(std::span<const Lobe> lobes, double focal_px, int scale);
/// What a lobe may touch, in pixels of the picture, `more` pixels around.
Box reach_of(const Lobe& lobe, double more);

}  // namespace pluvia::synth

namespace pluvia {
PLUVIA_DECLARE_KERNEL(draw_glass, synth::GlassArgs)
PLUVIA_DECLARE_KERNEL(blur_glass, synth::GlassBlurArgs)
}  // namespace pluvia
