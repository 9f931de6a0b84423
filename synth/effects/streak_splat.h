// SPDX-License-Identifier: Apache-2.0
// Streaks drawn into planes of opacity (the law: effects/streak_bar.h). Opacities of streaks are
// added, as optical depths are, so that their order does not matter to physics; a pixel sums them
// in the order of the list, by rows of a tile on the CPU and by a thread per pixel on a GPU.
#pragma once

#include <cstdint>
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

/// Pixels of a row that are found with or without streaks together.
inline constexpr int kInkStretch = 32;
static_assert(kTileWidth % kInkStretch == 0);

/// Sums over streaks, tile by tile in the order that they are worked on, in a tile row by row: of
/// each stretch its opacities and then its glows. Undefined in tiles whose list is empty, and in
/// stretches that are not marked.
struct StreakPlanes {
  TileLists lists;
  float* sums = nullptr;
  std::uint8_t* marks = nullptr;  ///< of a stretch: 0 where no streak touches it
  int across = 0;                 ///< tiles

  static std::size_t stretches(const TileGrid& grid) {
    return static_cast<std::size_t>(grid.count()) * kTileHeight * (kTileWidth / kInkStretch);
  }
  static std::size_t numbers(const TileGrid& grid) { return stretches(grid) * 2 * kInkStretch; }

  PLUVIA_MEMBER bool none() const { return sums == nullptr; }
  PLUVIA_MEMBER std::ptrdiff_t stretch(int y, int x) const {
    const std::ptrdiff_t tile =
        static_cast<std::ptrdiff_t>(y / kTileHeight) * across + x / kTileWidth;
    return (tile * kTileHeight + y % kTileHeight) * (kTileWidth / kInkStretch) +
           x % kTileWidth / kInkStretch;
  }
  PLUVIA_MEMBER std::uint8_t& mark(int y, int x) const { return marks[stretch(y, x)]; }
  /// Of a pixel; that of the next one follows, to the end of the stretch.
  PLUVIA_MEMBER float* opacity(int y, int x) const {
    return sums + stretch(y, x) * (2 * kInkStretch) + x % kInkStretch;
  }
  /// The same, each streak weighted by its brightness and ripple.
  PLUVIA_MEMBER float* glow(int y, int x) const { return opacity(y, x) + kInkStretch; }
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
