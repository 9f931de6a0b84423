// SPDX-License-Identifier: Apache-2.0
// Which shapes may touch which tile of a picture: lists in the order of the shapes, so that a tile
// drawn by one thread sums in an order that depends on nothing else.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace pluvia::synth {

/// In pixels, ends included.
struct Box {
  double x0 = 0;
  double y0 = 0;
  double x1 = 0;
  double y1 = 0;
};

class TileBins {
 public:
  static constexpr int kTile = 64;

  TileBins(int height, int width)
      : across_((width + kTile - 1) / kTile), down_((height + kTile - 1) / kTile) {
    lists_.resize(static_cast<std::size_t>(across_) * static_cast<std::size_t>(down_));
  }

  void add(std::uint32_t shape, const Box& box) {
    const int x0 = tile_of(box.x0, across_, 0);
    const int x1 = tile_of(box.x1, across_, -1);
    const int y0 = tile_of(box.y0, down_, 0);
    const int y1 = tile_of(box.y1, down_, -1);
    for (int y = y0; y <= y1; ++y) {
      for (int x = x0; x <= x1; ++x) list(x, y).push_back(shape);
    }
  }

  int count() const { return across_ * down_; }
  int x_of(int tile) const { return tile % across_ * kTile; }
  int y_of(int tile) const { return tile / across_ * kTile; }
  std::span<const std::uint32_t> of(int tile) const {
    return lists_[static_cast<std::size_t>(tile)];
  }

 private:
  /// Clamped so that a box outside gives an empty range: start `count` or end -1.
  static int tile_of(double at, int count, int least) {
    const double tile = std::floor(at / kTile);
    return static_cast<int>(
        std::clamp(tile, static_cast<double>(least), static_cast<double>(count + least)));
  }
  std::vector<std::uint32_t>& list(int x, int y) {
    return lists_[static_cast<std::size_t>(y) * static_cast<std::size_t>(across_) +
                  static_cast<std::size_t>(x)];
  }

  int across_;
  int down_;
  std::vector<std::vector<std::uint32_t>> lists_;
};

}  // namespace pluvia::synth
