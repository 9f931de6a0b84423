// SPDX-License-Identifier: Apache-2.0
// The last step: scene, streaks and drops put together into 8-bit layers, by one of two formations.
//
// vrds (what is known of VRDS: lq = (1-M)(B+S) + M D): drop = gt wherever mask = 0, and
//   lq = min(255, drop + streak) in every channel, in integers. Streaks are one grey number,
//   nothing under drops.
// physical: veil, streaks and drops in linear light; lq = drop + streak_rgb exactly. Noise is added
//   to what changed only, the same to lq and drop.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "synth/effects/brightness.h"
#include "synth/effects/pane_view.h"
#include "synth/effects/scene_light.h"
#include "synth/effects/sensor_noise.h"

namespace pluvia::synth {

struct StreakTone {
  float gain = 1;        ///< of opacity; 1 is physical
  float brightness = 1;  ///< vrds: display value of a fully covered pixel over black
  float sky_fade = 0;    ///< vrds: how far the scene's own brightness takes from it; 1: all
};

/// Where layers go, contiguous.
struct LayerPixels {
  std::uint8_t* lq = nullptr;
  std::uint8_t* drop = nullptr;
  std::uint8_t* mask = nullptr;
  std::uint8_t* streak = nullptr;
  std::int16_t* streak_rgb = nullptr;  ///< physical; null: not wanted
};

struct VrdsArgs {
  TileGrid grid;
  SceneLight scene;  ///< without a veil
  PaneView pane;     ///< over the unstreaked scene
  StreakTone tone;
  BrightnessView around;
  LayerPixels out;
};

struct PhysicalArgs {
  TileGrid grid;
  SceneLight scene;
  PaneView pane;  ///< eight lanes: over the veiled and over the streaked scene
  SensorNoise noise;
  LayerPixels out;
};

/// round(255 * share)
PLUVIA_FUNCTION std::int32_t to_code(float share) {
  const float within = share > 0 ? (share < 1 ? share : 1.0F) : 0.0F;
  return static_cast<std::int32_t>(within * 255 + 0.5F);
}

}  // namespace pluvia::synth

namespace pluvia {
PLUVIA_DECLARE_KERNEL(compose_vrds, synth::VrdsArgs)
PLUVIA_DECLARE_KERNEL(compose_physical, synth::PhysicalArgs)
}  // namespace pluvia
