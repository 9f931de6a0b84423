// SPDX-License-Identifier: Apache-2.0
// Which shapes may touch which tile of a picture: one list per tile in the order of the shapes, so
// that a tile drawn by one thread sums in an order that depends on nothing else. Made on the host;
// the two arrays go to the device. Memory is kept from frame to frame.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/tiles.h"

namespace pluvia::synth {

/// In pixels, ends included.
struct Box {
  double x0 = 0;
  double y0 = 0;
  double x1 = 0;
  double y1 = 0;
};

/// What a kernel sees of the lists.
struct TileLists {
  const std::uint32_t* starts = nullptr;  ///< one more than tiles
  const std::uint32_t* shapes = nullptr;

  PLUVIA_MEMBER bool empty(int tile) const { return starts[tile] == starts[tile + 1]; }
};

class TileBins {
 public:
  /// `box_of(i)` for i in [0, shapes).
  template <typename BoxOf>
  void build(const TileGrid& grid, std::size_t shapes, const BoxOf& box_of) {
    starts_.assign(static_cast<std::size_t>(grid.count()) + 1, 0);
    ranges_.resize(shapes);
    for (std::size_t i = 0; i < shapes; ++i) {
      ranges_[i] = range_of(grid, box_of(i));
      visit(grid, ranges_[i], [&](std::size_t tile) { ++starts_[tile + 1]; });
    }
    for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
    shapes_.resize(starts_.back());
    next_.assign(starts_.begin(), starts_.end() - 1);
    for (std::size_t i = 0; i < shapes; ++i) {
      visit(grid, ranges_[i],
            [&](std::size_t tile) { shapes_[next_[tile]++] = static_cast<std::uint32_t>(i); });
    }
  }

  std::span<const std::uint32_t> starts() const { return starts_; }
  std::span<const std::uint32_t> shapes() const { return shapes_; }

 private:
  struct Range {
    int x0, y0, x1, y1;
  };

  static Range range_of(const TileGrid& grid, const Box& box) {
    return {tile_of(box.x0 / grid.tile_width, grid.across(), 0),
            tile_of(box.y0 / grid.tile_height, grid.down(), 0),
            tile_of(box.x1 / grid.tile_width, grid.across(), -1),
            tile_of(box.y1 / grid.tile_height, grid.down(), -1)};
  }
  /// Clamped so that a box outside gives an empty range: start `count` or end -1.
  static int tile_of(double at, int count, int least) {
    return static_cast<int>(
        std::clamp(std::floor(at), static_cast<double>(least), static_cast<double>(count + least)));
  }
  template <typename Body>
  static void visit(const TileGrid& grid, const Range& range, const Body& body) {
    for (int y = range.y0; y <= range.y1; ++y) {
      for (int x = range.x0; x <= range.x1; ++x) {
        body(static_cast<std::size_t>(y) * static_cast<std::size_t>(grid.across()) +
             static_cast<std::size_t>(x));
      }
    }
  }

  std::vector<std::uint32_t> starts_;
  std::vector<std::uint32_t> shapes_;
  std::vector<std::uint32_t> next_;
  std::vector<Range> ranges_;
};

}  // namespace pluvia::synth
