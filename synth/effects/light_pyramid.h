// SPDX-License-Identifier: Apache-2.0
// The scene as light at all scales: what a wide, minifying optic (a drop) sees of it. Level k is
// the picture shrunk by 2^k, each texel the mean of its pixels, down to one texel, the mean of all.
// Levels finer than the sharpest drop needs are not made. Beyond the frame the scene goes on: it is
// mirrored to the sides, and its last rows stretch upward (sky) and downward (road).
//
// A texel holds R, G, B of the veiled scene and a spare number; in formation `physical` then the
// same of the streaked scene, so that one look into it serves both.
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/backend.h"
#include "synth/effects/scene_light.h"

namespace pluvia::synth {

/// Levels first..last, one behind the other.
struct LightLevels {
  static constexpr int kMost = 32;

  float* texels = nullptr;
  int lanes = 4;  ///< 4, or 8 with the streaked scene
  int first = 0;
  int last = 0;
  int heights[kMost] = {};
  int widths[kMost] = {};
  std::ptrdiff_t starts[kMost + 1] = {};  ///< in texels

  /// Sizes without memory.
  static LightLevels of(int height, int width, int first, int lanes);
  PLUVIA_MEMBER float* level(int k) const { return texels + starts[k] * lanes; }
};

struct GatherArgs {
  TileGrid grid;  ///< texels of the first level, in tiles that match the picture's
  SceneLight scene;
  float sky_gain = 1;
  LightLevels levels;
};

struct HalveArgs {
  LightLevels levels;
  int to = 0;  ///< from the level before it
};

/// Levels coarser than a tile of the picture cannot be the first.
inline constexpr int kCoarsestFirst = 5;

inline TileGrid gather_tiles(const LightLevels& levels) {
  return {levels.heights[levels.first], levels.widths[levels.first], kTileHeight >> levels.first,
          kTileWidth >> levels.first};
}

/// Where a place meets a level: its texels around there. Without branches and in numbers of one
/// width, so that it vectorises.
struct Footing {
  std::int32_t x0;
  std::int32_t x1;
  std::int32_t y0;
  std::int32_t y1;
  float fx;
  float fy;
};

/// Whole numbers folded back into [0, n); x in [0, 2n).
PLUVIA_FUNCTION std::int32_t folded(std::int32_t x, std::int32_t n) {
  return x < n ? x : 2 * n - 1 - x;
}

PLUVIA_FUNCTION Footing footing(const LightLevels& levels, std::int32_t k, float x, float y) {
  // Sizes halve by rounding up.
  const std::int32_t width = (levels.widths[0] + (1 << k) - 1) >> k;
  const std::int32_t height = (levels.heights[0] + (1 << k) - 1) >> k;
  const float scale = std::bit_cast<float>((127 - k) << 23);
  // Far beyond the frame there is nothing new; the bound keeps the division below exact enough.
  const float far = x * scale - 0.5F;
  const float u = far > -1e6F ? (far < 1e6F ? far : 1e6F) : -1e6F;
  const float most = static_cast<float>(height - 1);
  const float down = y * scale - 0.5F;
  const float v = down > 0 ? (down < most ? down : most) : 0.0F;
  const float u0 = std::floor(u);
  const float period = static_cast<float>(2 * width);
  const std::int32_t left = static_cast<std::int32_t>(u0 - period * std::floor(u0 / period));
  const std::int32_t right = left + 1 < 2 * width ? left + 1 : 0;
  const std::int32_t y0 = static_cast<std::int32_t>(v);
  return {
      folded(left, width),       folded(right, width), y0, y0 + 1 < height ? y0 + 1 : y0, u - u0,
      v - static_cast<float>(y0)};
}

/// A look into two levels: trilinear.
struct Sight {
  std::int32_t level;  ///< the finer one
  float coarser;       ///< share of the next
  Footing fine;
  Footing coarse;
};

/// From picture coordinates (x, y), averaged over about 2^level pixels.
PLUVIA_FUNCTION Sight sight_of(const LightLevels& levels, float x, float y, float level) {
  const float least = static_cast<float>(levels.first);
  const float most = static_cast<float>(levels.last);
  const float at = level > least ? (level < most ? level : most) : least;
  const std::int32_t fine = static_cast<std::int32_t>(at);
  const std::int32_t coarse = fine < levels.last ? fine + 1 : fine;
  return {fine, at - static_cast<float>(fine), footing(levels, fine, x, y),
          footing(levels, coarse, x, y)};
}

/// The light there, kLanes numbers.
template <int kLanes>
PLUVIA_FUNCTION void look_at(const LightLevels& levels, const Sight& sight, float* __restrict out) {
  struct Corners {
    const float* p[4];
    float weight[4];
  };
  const auto corners = [&](std::int32_t k, const Footing& at, float share) {
    const float* const texels = levels.level(k);
    const std::ptrdiff_t width = levels.widths[k];
    const float* const top = texels + at.y0 * width * kLanes;
    const float* const bottom = texels + at.y1 * width * kLanes;
    const float upper = share * (1 - at.fy);
    const float lower = share * at.fy;
    return Corners{{top + at.x0 * kLanes, top + at.x1 * kLanes, bottom + at.x0 * kLanes,
                    bottom + at.x1 * kLanes},
                   {upper * (1 - at.fx), upper * at.fx, lower * (1 - at.fx), lower * at.fx}};
  };
  const std::int32_t coarser = sight.level < levels.last ? sight.level + 1 : sight.level;
  const Corners fine = corners(sight.level, sight.fine, 1 - sight.coarser);
  const Corners coarse = corners(coarser, sight.coarse, sight.coarser);
  for (int l = 0; l < kLanes; ++l) {
    out[l] = ((fine.weight[0] * fine.p[0][l] + fine.weight[1] * fine.p[1][l]) +
              (fine.weight[2] * fine.p[2][l] + fine.weight[3] * fine.p[3][l])) +
             ((coarse.weight[0] * coarse.p[0][l] + coarse.weight[1] * coarse.p[1][l]) +
              (coarse.weight[2] * coarse.p[2][l] + coarse.weight[3] * coarse.p[3][l]));
  }
}

}  // namespace pluvia::synth

namespace pluvia {
/// Makes the first level.
PLUVIA_DECLARE_KERNEL(gather_light, synth::GatherArgs)
PLUVIA_DECLARE_KERNEL(halve_light, synth::HalveArgs)

namespace synth {
inline void build_levels(const Device& device, const GatherArgs& args) {
  gather_light(device, args);
  for (int k = args.levels.first + 1; k <= args.levels.last; ++k) {
    halve_light(device, {args.levels, k});
  }
}
}  // namespace synth
}  // namespace pluvia
