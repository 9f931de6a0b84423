// SPDX-License-Identifier: Apache-2.0
// Where the samples and the sums of SSIM's first pass (moment_filter.h) lie.
#pragma once

#include <array>
#include <cstdint>

namespace pluvia {

/// Samples whose planes are made in one go: a multiple of kMomentColumns and of 3. Narrower strips
/// read more of their neighbours, wider ones outgrow the caches.
constexpr int kMomentStrip = 192;
/// What is filtered in one go: 4 planes of doubles, 30 kB, which the first-level cache keeps.
constexpr int kMomentColumns = 32;
constexpr int kMomentRows = 24;

/// Where in a row of a tile a column's sum lies, as wide registers leave them. Samples of three
/// channels: pairs of neighbours, 0, 8, 16, 24, 2, 10, ...; of one: 0, 2, 8, 10, 16, ..., 4, 6, 12,
/// ..., and the odd ones half a tile behind their left neighbours.
constexpr int moment_place(int column, int step) {
  if (step == 3) return column / 2 % 4 * 8 + column / 8 * 2 + column % 2;
  return column % 2 * (kMomentColumns / 2) + column / 4 % 2 * 8 + column / 8 * 2 + column / 2 % 2;
}

/// The four planes' sums over the window, SplitTaps::sum times their means. Rows lie not a power of
/// two apart: a CPU takes loads at such distances from a store for loads of what it stores.
struct alignas(64) MomentTile {
  static constexpr int kPitch = kMomentColumns + 8;
  std::array<std::array<std::array<double, kPitch>, kMomentRows>, 4> sums{};
};

/// The samples of the four planes. In front of a row, which begins at a cache line, lies what
/// narrow windows' taps of 0 reach, behind it whole registers.
struct alignas(64) MomentPlanes {
  static constexpr int kFront = 32;
  static constexpr int kLanes = 32;
  static constexpr int kPitch = kFront + kMomentStrip + 2 * kLanes;
  std::array<std::array<std::array<std::int16_t, kPitch>, kMomentRows>, 4> samples{};
};

}  // namespace pluvia
