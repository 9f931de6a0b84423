// SPDX-License-Identifier: Apache-2.0
// A picture cut into equal tiles, the last ones smaller: the unit that a thread of the CPU works
// on (core/for_each.h). Tiles are numbered row by row.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace pluvia {

/// Pixels [x0, x1) of rows [y0, y1).
struct Tile {
  int number = 0;
  int x0 = 0;
  int y0 = 0;
  int x1 = 0;
  int y1 = 0;
};

struct TileGrid {
  int height = 0;
  int width = 0;
  int tile_height = 1;
  int tile_width = 1;

  PLUVIA_MEMBER int across() const { return (width + tile_width - 1) / tile_width; }
  PLUVIA_MEMBER int down() const { return (height + tile_height - 1) / tile_height; }
  PLUVIA_MEMBER int count() const { return across() * down(); }
  PLUVIA_MEMBER Tile tile(int number) const {
    const int x0 = number % across() * tile_width;
    const int y0 = number / across() * tile_height;
    const int x1 = x0 + tile_width < width ? x0 + tile_width : width;
    const int y1 = y0 + tile_height < height ? y0 + tile_height : height;
    return {number, x0, y0, x1, y1};
  }
  PLUVIA_MEMBER int number_at(int y, int x) const {
    return y / tile_height * across() + x / tile_width;
  }
};

}  // namespace pluvia
