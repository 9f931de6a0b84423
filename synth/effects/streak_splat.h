// SPDX-License-Identifier: Apache-2.0
// Streaks drawn into planes of opacity (the law: effects/streak_bar.h). Opacities of streaks are
// added, as optical depths are, so that their order does not matter to physics; a pixel sums them in
// the order of the list, by rows of a tile on the CPU and by a thread per pixel on a GPU.
#pragma once

#include <span>
#include <vector>

#include "core/backend.h"
#include "core/image.h"
#include "synth/effects/depth.h"
#include "synth/effects/streak_bar.h"
#include "synth/effects/streaks.h"
#include "synth/effects/tile_bins.h"

namespace pluvia::synth {

/// Tiles of all work on the full picture. Planes are padded to whole tiles.
inline constexpr int kTileWidth = 64;
inline constexpr int kTileHeight = 32;

inline TileGrid picture_tiles(int height, int width) {
  return {height, width, kTileHeight, kTileWidth};
}

StreakBar bar_of(const Streak& streak);
/// Where a bar's opacity may differ from 0.
Box box_of(const StreakBar& bar);

/// Planes of the sums over streaks: undefined in tiles whose list is empty.
struct StreakPlanes {
  TileLists lists;
  float* opacity = nullptr;
  float* glow = nullptr;  ///< the same, each streak weighted by its brightness and ripple
  std::ptrdiff_t stride = 0;

  PLUVIA_MEMBER bool none() const { return opacity == nullptr; }
};

struct SplatArgs {
  TileGrid grid;
  StreakPlanes planes;
  const StreakBar* bars = nullptr;
  DepthView depth;  ///< unknown: nothing hides a streak
};

/// For tests: the planes of a picture as images.
struct StreakImages {
  Image<float> opacity;
  Image<float> glow;
};
StreakImages splat(std::span<const Streak> streaks, int height, int width,
                   ImageView<const float> depth_m);

}  // namespace pluvia::synth

namespace pluvia {
PLUVIA_DECLARE_KERNEL(draw_streaks, synth::SplatArgs)
}  // namespace pluvia
