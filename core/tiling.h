// SPDX-License-Identifier: Apache-2.0
// Cutting a clip into windows over time and tiles over space, as protocols and derain do: all of
// one size, overlapping, the last one moved back inside instead of made smaller, so that a network
// sees one shape only. A clip smaller than a tile is one tile.
#pragma once

#include <vector>

#include "core/clip.h"

namespace pluvia {

/// Indices [first, first + size).
struct Range {
  int first = 0;
  int size = 0;
  bool operator==(const Range&) const = default;
};

/// Ranges of `size` that cover [0, total); neighbours share at least `overlap` indices.
std::vector<Range> cover(int total, int size, int overlap);

/// One axis of a plan. `size` 0: the whole axis.
struct Cut {
  int size = 0;
  int overlap = 0;
};

struct TilePlan {
  Cut frames;
  Cut rows;
  Cut columns;
};

/// The windows of a plan over a clip of that size: time outermost, then rows, then columns.
std::vector<Window> windows_of(int frames, int height, int width, const TilePlan& plan);

}  // namespace pluvia
