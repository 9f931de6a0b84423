// SPDX-License-Identifier: Apache-2.0
#include "core/tiling.h"

#include <algorithm>

#include "core/error.h"

namespace pluvia {
namespace {

std::vector<Range> cut(int total, const Cut& axis) {
  return cover(total, axis.size == 0 ? std::max(total, 1) : axis.size, axis.overlap);
}

}  // namespace

std::vector<Range> cover(int total, int size, int overlap) {
  if (size < 1) fail_usage("tiles of ", size, ": expected at least 1");
  if (overlap < 0 || overlap >= size) {
    fail_usage("tiles of ", size, " that overlap by ", overlap, ": expected 0 to ", size - 1);
  }
  if (total <= 0) return {};
  if (total <= size) return {{0, total}};
  std::vector<Range> ranges;
  const int step = size - overlap;
  for (int first = 0; first + size < total; first += step) ranges.push_back({first, size});
  ranges.push_back({total - size, size});
  return ranges;
}

std::vector<Window> windows_of(int frames, int height, int width, const TilePlan& plan) {
  std::vector<Window> windows;
  for (const Range& t : cut(frames, plan.frames)) {
    for (const Range& y : cut(height, plan.rows)) {
      for (const Range& x : cut(width, plan.columns)) {
        windows.push_back({t.first, t.size, y.first, x.first, y.size, x.size});
      }
    }
  }
  return windows;
}

}  // namespace pluvia
