// SPDX-License-Identifier: Apache-2.0
// The order in which local Mamba blocks visit the tokens of a clip: a generalised Hilbert curve
// through a box of any size (J. Cerveny's "gilbert" construction), whose neighbours along the curve
// are neighbours in space and time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace pluvia::ops {

/// A permutation of the T*h*w tokens of a clip and its inverse.
struct TokenOrder {
  std::vector<std::int64_t> curve;   ///< curve[l] = (y*w + x)*T + t, as RainMamba's files have it
  std::vector<std::int64_t> raster;  ///< raster[l] = (t*h + y)*w + x of the l-th token of the curve
  std::vector<std::int64_t> place;   ///< place[raster[l]] = l
};

/// Made at the first call for a size and kept; may be called from many threads.
std::shared_ptr<const TokenOrder> hilbert_order(int frames, int height, int width);

}  // namespace pluvia::ops
