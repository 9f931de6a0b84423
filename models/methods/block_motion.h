// SPDX-License-Identifier: Apache-2.0
// Where the blocks of one picture are in another: matching by the sum of absolute differences, from
// coarse to fine over halved pictures, whole pixels. Rain, which is thin, averages out at the
// coarse levels. Classical (Jain and Jain 1981; hierarchical after Bierling 1988).
#pragma once

#include <vector>

#include "models/methods/planes.h"

namespace pluvia {

struct BlockMotion {
  static constexpr int kBlock = 16;

  struct Vector {
    int x = 0;
    int y = 0;
    float error = 0;  ///< mean absolute difference of luma
  };

  int across = 0;
  std::vector<Vector> vectors;  ///< row by row

  const Vector& at_pixel(int y, int x) const {
    return vectors[static_cast<std::size_t>(y / kBlock) * static_cast<std::size_t>(across) +
                   static_cast<std::size_t>(x / kBlock)];
  }
};

/// For every block of `from`: from(y, x) is near to(y + v.y, x + v.x).
BlockMotion match_blocks(const Plane& from, const Plane& to);

}  // namespace pluvia
