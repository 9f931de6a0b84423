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

/// Asks for what N pixels need two rows further down: rows of a tile are pages apart, which the CPU
/// does not guess.
template <int N>
PLUVIA_FUNCTION void prefetch(const SceneLight& scene, const LayerPixels& out, int y, int x0) {
  constexpr int kAhead = 2;
  constexpr int kLine = 64;
  const int row = y + kAhead < scene.height ? y + kAhead : y;
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * scene.width + x0;
  for (int i = 0; i < 3 * N; i += kLine) {
    PLUVIA_PREFETCH(scene.clean + 3 * at + i);
    PLUVIA_PREFETCH(out.drop + 3 * at + i);
    PLUVIA_PREFETCH(out.lq + 3 * at + i);
  }
  PLUVIA_PREFETCH(out.mask + at);
  PLUVIA_PREFETCH(out.streak + at);
}

/// How both formations go over a tile: in stretches of pixels that are found with or without streaks
/// or drops together. `body.stretch<N, kNext>(y, x, streaked, pane)` composes N pixels; `pane` holds
/// the pane's `kPlanes` planes from x on, kNext apart, and is null where the glass is dry.
template <int kPlanes, typename Body>
PLUVIA_FUNCTION void compose_rows(const Body& body, const Tile& tile) {
  const bool streaked = body.a.scene.streaked(tile.number);
  const bool reached = body.a.pane.reaches(tile.number);
  PaneTile<kPlanes, kTileWidth> pane(body.a.pane, tile.x0, tile.x1 - tile.x0);
  for (int y = tile.y0; y < tile.y1; ++y) {
    const bool wet = reached && pane.read(y);
    int x = tile.x0;
    for (; x + kInkStretch <= tile.x1; x += kInkStretch) {
      body.template stretch<kInkStretch, kTileWidth>(y, x, streaked,
                                                     wet ? pane.row(x - tile.x0) : nullptr);
    }
    for (; x < tile.x1; ++x) {
      body.template stretch<1, kTileWidth>(y, x, streaked, wet ? pane.row(x - tile.x0) : nullptr);
    }
  }
}

/// One pixel of it, as GPUs go.
template <int kPlanes, typename Body>
PLUVIA_FUNCTION void compose_pixel(const Body& body, const Tile& tile, int x, int y) {
  PaneTile<kPlanes, 1> pane(body.a.pane, x, 1);
  const bool wet = body.a.pane.reaches(tile.number) && pane.read(y);
  body.template stretch<1, 1>(y, x, body.a.scene.streaked(tile.number),
                              wet ? pane.row(0) : nullptr);
}

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
