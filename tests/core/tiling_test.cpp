// SPDX-License-Identifier: Apache-2.0
// Every promise of cover() for all small sizes, and windows counted by hand.
#include "core/tiling.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace pluvia {
namespace {

void check_cover(int total, int size, int overlap) {
  const std::vector<Range> ranges = cover(total, size, overlap);
  int covered = 0;
  for (const Range& range : ranges) {
    EXPECT_EQ(range.size, std::min(size, total));
    EXPECT_GE(range.first, 0);
    EXPECT_LE(range.first + range.size, total);
    EXPECT_LE(range.first, covered);
    if (&range != &ranges.front()) {
      EXPECT_GE(covered - range.first, overlap);
      EXPECT_GT(range.first + range.size, covered) << "a tile that adds nothing";
    }
    covered = range.first + range.size;
  }
  EXPECT_EQ(covered, total);
}

TEST(Tiling, CoversEverySmallSize) {
  for (int total = 1; total <= 40; ++total) {
    for (int size = 1; size <= 12; ++size) {
      for (int overlap = 0; overlap < size; ++overlap) check_cover(total, size, overlap);
    }
  }
}

TEST(Tiling, LastTileMovesInside) {
  EXPECT_EQ(cover(10, 4, 0), (std::vector<Range>{{0, 4}, {4, 4}, {6, 4}}));
  EXPECT_EQ(cover(10, 4, 1), (std::vector<Range>{{0, 4}, {3, 4}, {6, 4}}));
  EXPECT_EQ(cover(3, 4, 1), (std::vector<Range>{{0, 3}}));
  EXPECT_TRUE(cover(0, 4, 1).empty());
}

TEST(Tiling, WindowsOverAClip) {
  const std::vector<Window> windows = windows_of(7, 100, 60, {{5, 0}, {64, 16}, {0, 0}});
  ASSERT_EQ(windows.size(), 4U);
  const Window& last = windows.back();
  EXPECT_EQ(last.first, 2);
  EXPECT_EQ(last.frames, 5);
  EXPECT_EQ(last.y, 36);
  EXPECT_EQ(last.height, 64);
  EXPECT_EQ(last.x, 0);
  EXPECT_EQ(last.width, 60);
}

TEST(Tiling, ImpossibleTilesAreRefused) {
  EXPECT_THROW(cover(10, 0, 0), Error);
  EXPECT_THROW(cover(10, 4, 4), Error);
  EXPECT_THROW(cover(10, 4, -1), Error);
}

}  // namespace
}  // namespace pluvia
