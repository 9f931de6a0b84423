// SPDX-License-Identifier: Apache-2.0
// Depth of pictures that come without: a street on level ground with walls 9 m to both sides and an
// end 80 m ahead. The camera stands as high as it says (its position's y; 1.4 m where that is not
// above the ground) and looks up or down as it does; it does not roll. The depth is the nearer of a
// distance per row and one per column.
#pragma once

#include <vector>

#include "synth/camera.h"

namespace pluvia::synth {

struct AssumedDepth {
  std::vector<float> rows;
  std::vector<float> columns;

  static AssumedDepth of(const Camera& camera);
};

}  // namespace pluvia::synth
