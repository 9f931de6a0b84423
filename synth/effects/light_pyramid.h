// SPDX-License-Identifier: Apache-2.0
// The scene as light at all scales: what a wide, minifying optic (a drop) sees of it. Level k is the
// picture shrunk by 2^k, each texel the mean of its pixels, down to one texel, the mean of all.
// Levels finer than the sharpest drop needs are not made. Beyond the frame the scene goes on: it is
// mirrored to the sides, and its last rows stretch upward (sky) and downward (road).
//
// A texel holds R, G, B of the veiled scene and a spare number; in formation `physical` then the same
// of the streaked scene, so that one look into it serves both.
#pragma once

#include <cmath>
#include <cstddef>

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

/// x folded back into [0, n).
PLUVIA_FUNCTION int mirrored(int x, int n) {
  if (static_cast<unsigned>(x) < static_cast<unsigned>(n)) return x;
  const int period = 2 * n;
  const int m = (x % period + period) % period;
  return m < n ? m : period - 1 - m;
}

/// The four texels around a place and their weights.
struct Footing {
  std::ptrdiff_t at[4];
  float weight[4];
};

PLUVIA_FUNCTION Footing footing(const LightLevels& levels, int k, float x, float y) {
  const int height = levels.heights[k];
  const int width = levels.widths[k];
  const float scale = 1.0F / static_cast<float>(std::int64_t{1} << k);
  // Far beyond the frame there is nothing new; the bound keeps the integers small.
  const float far = x * scale - 0.5F;
  const float u = far > -1e6F ? (far < 1e6F ? far : 1e6F) : -1e6F;
  const float most = static_cast<float>(height - 1);
  const float down = y * scale - 0.5F;
  const float v = down > 0 ? (down < most ? down : most) : 0.0F;
  const float u0 = std::floor(u);
  const int x0 = mirrored(static_cast<int>(u0), width);
  const int x1 = mirrored(static_cast<int>(u0) + 1, width);
  const int y0 = static_cast<int>(v);
  const int y1 = y0 + 1 < height ? y0 + 1 : y0;
  const float fx = u - u0;
  const float fy = v - static_cast<float>(y0);
  const std::ptrdiff_t top = levels.starts[k] + static_cast<std::ptrdiff_t>(y0) * width;
  const std::ptrdiff_t bottom = levels.starts[k] + static_cast<std::ptrdiff_t>(y1) * width;
  return {{top + x0, top + x1, bottom + x0, bottom + x1},
          {(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy}};
}

/// Light from picture coordinates (x, y), averaged over about 2^level pixels; trilinear.
template <int kLanes>
PLUVIA_FUNCTION void look_at(const LightLevels& levels, float x, float y, float level,
                             float out[kLanes]) {
  const float least = static_cast<float>(levels.first);
  const float most = static_cast<float>(levels.last);
  const float at = level > least ? (level < most ? level : most) : least;
  const int fine = static_cast<int>(at);
  const int coarse = fine < levels.last ? fine + 1 : fine;
  const float t = at - static_cast<float>(fine);
  const Footing a = footing(levels, fine, x, y);
  const Footing b = footing(levels, coarse, x, y);
  const float* const p0 = levels.texels + a.at[0] * kLanes;
  const float* const p1 = levels.texels + a.at[1] * kLanes;
  const float* const p2 = levels.texels + a.at[2] * kLanes;
  const float* const p3 = levels.texels + a.at[3] * kLanes;
  const float* const q0 = levels.texels + b.at[0] * kLanes;
  const float* const q1 = levels.texels + b.at[1] * kLanes;
  const float* const q2 = levels.texels + b.at[2] * kLanes;
  const float* const q3 = levels.texels + b.at[3] * kLanes;
  const float s = 1 - t;
  for (int l = 0; l < kLanes; ++l) {
    const float fine_light = (a.weight[0] * p0[l] + a.weight[1] * p1[l]) +
                             (a.weight[2] * p2[l] + a.weight[3] * p3[l]);
    const float coarse_light = (b.weight[0] * q0[l] + b.weight[1] * q1[l]) +
                               (b.weight[2] * q2[l] + b.weight[3] * q3[l]);
    out[l] = s * fine_light + t * coarse_light;
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
