// SPDX-License-Identifier: Apache-2.0
// The sizes of a pyramid's levels, on the host.
#include "core/error.h"
#include "synth/effects/light_pyramid.h"

namespace pluvia::synth {

LightLevels LightLevels::of(int height, int width, int first, int lanes) {
  PLUVIA_CHECK(height > 0 && width > 0 && first >= 0 && first <= kCoarsestFirst, height, "x", width,
               " ", first);
  LightLevels levels;
  levels.lanes = lanes;
  levels.first = first;
  std::ptrdiff_t texels = 0;
  for (int k = 0;; ++k) {
    levels.heights[k] = height;
    levels.widths[k] = width;
    levels.starts[k] = texels;
    if (k >= first) texels += static_cast<std::ptrdiff_t>(height) * width;
    levels.last = k;
    levels.starts[k + 1] = texels;
    if (k >= first && height == 1 && width == 1) break;
    height = (height + 1) / 2;
    width = (width + 1) / 2;
  }
  return levels;
}

}  // namespace pluvia::synth
