// SPDX-License-Identifier: Apache-2.0
// Depth of pictures that come without: a street, seen from 1.4 m above it, with walls 9 m to both
// sides and an end at 80 m. It is the nearer of a distance per row and one per column.
#pragma once

#include <vector>

namespace pluvia::synth {

struct AssumedDepth {
  std::vector<float> rows;
  std::vector<float> columns;

  static AssumedDepth of(int height, int width, double focal_px);
};

}  // namespace pluvia::synth
