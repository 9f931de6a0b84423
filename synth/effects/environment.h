// SPDX-License-Identifier: Apache-2.0
// The light that falling drops show (rain.md 1.6). A sphere sends to the camera rays deviated by
// delta = 2 (ti - tr), sin ti = n sin tr = rho, rho uniform over its disc: half of them from within
// 26 degrees of the line of sight, the widest from 83. Motion averages over the disc, so a streak
// has the mean over that kernel K of the surroundings: 0.881 refracted, and from everywhere 0.066
// mirrored by the face and 0.044 reflected once inside. What the split leaves, 0.009, is lost.
//
// The surroundings are the picture in blocks of 32 pixels, with its veil and expanded sky, mirrored
// beyond the sides and stretched beyond top and bottom. K varies slowly: it is taken at nodes 64
// pixels apart and interpolated. The same blocks give the airlight of the veil, the light of
// the sky: the mean of the blocks of the upper half that only a twentieth to a quarter outshine or
// equal. So the veil leaves a sky as bright as it is.
//
// Blocks are measured on every eighth row: they serve averages over tens of degrees.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/backend.h"
#include "synth/effects/linear_light.h"
#include "synth/effects/veil.h"

namespace pluvia::synth {

/// Means over a block of the picture.
struct BlockLight {
  float clean[3] = {};
  float lit[3] = {};  ///< expanded and dimmed by the veil
  float hazed = 0;    ///< how much airlight is before it
};

struct BlockArgs {
  const std::uint8_t* clean = nullptr;
  int height = 0;
  int width = 0;
  VeilView veil;  ///< its airlight is not known yet and not used
  float sky_gain = 1;
  BlockLight* blocks = nullptr;
};

inline constexpr int kBlock = 32;
inline constexpr int kNode = 64;  ///< pixels between nodes

inline int blocks_along(int pixels) { return (pixels + kBlock - 1) / kBlock; }
inline int nodes_along(int pixels) { return (pixels + kNode - 1) / kNode + 1; }

/// Between two nodes of a row of pixels.
struct NodeSpan {
  float left;
  float right;
  int offset;  ///< pixels from the left node
};

/// Light of drops at nodes, four numbers each.
struct EnvironmentView {
  const float* nodes = nullptr;
  int across = 0;

  /// Row y between the nodes around column x.
  PLUVIA_MEMBER NodeSpan span(int y, int x, int c) const {
    const int row = y / kNode;
    const int column = x / kNode;
    const float fy = (static_cast<float>(y - row * kNode) + 0.5F) * (1.0F / kNode);
    const float* const p = nodes + (row * across + column) * 4 + c;
    const float* const q = p + across * 4;
    return {p[0] + (q[0] - p[0]) * fy, p[4] + (q[4] - p[4]) * fy, x - column * kNode};
  }
};

inline constexpr double kRefracted = 0.881;
inline constexpr double kMirrored = 0.066;
inline constexpr double kInternal = 0.044;

/// One ring of K: rays of this deviation carry this share of the drop's light.
struct DeviationRing {
  double deviation_rad;
  double weight;
};
/// Equal areas of the disc; weights are the transmission of both faces, their sum kRefracted.
std::vector<DeviationRing> deviation_rings(int count);

Rgb airlight(std::span<const BlockLight> blocks, int height, int width);
/// nodes_along(height) x nodes_along(width) nodes of four numbers.
std::vector<float> drop_light(std::span<const BlockLight> blocks, int height, int width, Rgb air,
                              double focal_px);

}  // namespace pluvia::synth

namespace pluvia {
PLUVIA_DECLARE_KERNEL(measure_blocks, synth::BlockArgs)
}  // namespace pluvia
