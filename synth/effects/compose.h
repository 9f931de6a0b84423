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
#include "core/byte_lanes.h"
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

/// Asks for what N pixels need some rows further down, or in the next tile: rows of a tile are
/// pages apart, which the CPU does not guess, and streaks' sums come in stretches here and there.
/// Inlined by force: g++ takes calls that only prefetch for calls that do nothing, and leaves them
/// out.
template <int N>
__attribute__((always_inline)) PLUVIA_FUNCTION void prefetch(const SceneLight& scene,
                                                             const LayerPixels& out,
                                                             const Tile& tile, int y, int x0) {
  constexpr int kAhead = 4;
  constexpr int kLine = 64;
  const bool beyond = y + kAhead >= tile.y1;
  const int row = beyond ? tile.y0 + y + kAhead - tile.y1 : y + kAhead;
  const int column = beyond ? x0 + kTileWidth : x0;
  if (column + N > scene.width || row >= tile.y1) return;
  const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * scene.width + column;
  for (int i = 0; i < 3 * N; i += kLine) {
    PLUVIA_PREFETCH(scene.clean + 3 * at + i);
    PLUVIA_PREFETCH(out.drop + 3 * at + i);
    PLUVIA_PREFETCH(out.lq + 3 * at + i);
  }
  PLUVIA_PREFETCH(out.mask + at);
  PLUVIA_PREFETCH(out.streak + at);
  if (scene.flicker.texture != nullptr) {
    const float* const noise = scene.flicker.line(row, column);
    for (int i = 0; i < N; i += kLine / 4) PLUVIA_PREFETCH(noise + i);
  }
  if (scene.streaks.none()) return;
  const float* const sums = scene.streaks.opacity(row, column);
  for (int i = 0; i < 2 * kInkStretch; i += kLine / 4) PLUVIA_PREFETCH(sums + i);
}

/// The codes of two rows of a tile, split into channels a row ahead (core/byte_lanes.h).
class CodeRows {
 public:
  PLUVIA_MEMBER CodeRows(const SceneLight& scene, const Tile& tile) : scene_(scene), tile_(tile) {
    read(tile.y0);
  }

  /// Row y, the next one read after it; channels are kTileWidth apart.
  PLUVIA_MEMBER const std::int32_t* row(int y) {
    if (y + 1 < tile_.y1) read(y + 1);
    return codes_[y % 2];
  }

 private:
  PLUVIA_MEMBER void read(int y) {
    const int wide = tile_.x1 - tile_.x0;
    std::int32_t* const to = codes_[y % 2];
    int x = 0;
    for (; x + kInkStretch <= wide; x += kInkStretch) {
      split<kInkStretch, kTileWidth>(scene_.at(y, tile_.x0 + x), to + x);
    }
    for (; x < wide; ++x) split<1, kTileWidth>(scene_.at(y, tile_.x0 + x), to + x);
  }

  const SceneLight& scene_;
  const Tile& tile_;
  alignas(64) std::int32_t codes_[2][3 * kTileWidth];
};

/// What a stretch of pixels is composed from.
struct Stretch {
  int y;
  int x0;
  const std::int32_t* codes;  ///< by channel
  const float* pane;          ///< the pane's planes; null where the glass is dry
  bool streaked;              ///< whether a streak reaches into the tile
};

/// How both formations go over a tile: in stretches of pixels that are found with or without
/// streaks or drops together. `body.compose<N, kNext>(stretch)` composes N pixels; channels and
/// planes are kNext numbers apart.
template <int kPlanes, typename Body>
PLUVIA_FUNCTION void compose_rows(const Body& body, const Tile& tile) {
  const bool streaked = body.a.scene.streaked(tile.number);
  const bool reached = body.a.pane.reaches(tile.number);
  CodeRows codes(body.a.scene, tile);
  PaneTile<kPlanes, kTileWidth> pane(body.a.pane, tile.x0, tile.x1 - tile.x0);
  for (int y = tile.y0; y < tile.y1; ++y) {
    const bool wet = reached && pane.read(y);
    const std::int32_t* const row = codes.row(y);
    const auto stretch = [&](int x) {
      return Stretch{y, tile.x0 + x, row + x, wet ? pane.row(x) : nullptr, streaked};
    };
    const int wide = tile.x1 - tile.x0;
    int x = 0;
    for (; x + kInkStretch <= wide; x += kInkStretch) {
      prefetch<kInkStretch>(body.a.scene, body.a.out, tile, y, tile.x0 + x);
      body.template compose<kInkStretch, kTileWidth>(stretch(x));
    }
    for (; x < wide; ++x) body.template compose<1, kTileWidth>(stretch(x));
  }
}

/// One pixel of it, as GPUs go.
template <int kPlanes, typename Body>
PLUVIA_FUNCTION void compose_pixel(const Body& body, const Tile& tile, int x, int y) {
  PaneTile<kPlanes, 1> pane(body.a.pane, x, 1);
  const bool wet = body.a.pane.reaches(tile.number) && pane.read(y);
  std::int32_t codes[3];
  split<1, 1>(body.a.scene.at(y, x), codes);
  body.template compose<1, 1>(
      {y, x, codes, wet ? pane.row(0) : nullptr, body.a.scene.streaked(tile.number)});
}

/// Within [0, 1]. In two steps: a choice within a choice becomes a branch, which drops' edges
/// decide anew for every stretch.
PLUVIA_FUNCTION float clamped(float share) {
  const float above = share > 0 ? share : 0.0F;
  return above < 1 ? above : 1.0F;
}
/// round(255 * share)
PLUVIA_FUNCTION std::int32_t to_code(float share) {
  return static_cast<std::int32_t>(clamped(share) * 255 + 0.5F);
}

}  // namespace pluvia::synth

namespace pluvia {
PLUVIA_DECLARE_KERNEL(compose_vrds, synth::VrdsArgs)
PLUVIA_DECLARE_KERNEL(compose_physical, synth::PhysicalArgs)
}  // namespace pluvia
