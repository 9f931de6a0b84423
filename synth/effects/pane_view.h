// SPDX-License-Identifier: Apache-2.0
// The blurred pane read back at the picture's pixels: bilinear between pane pixels, a stretch of a
// row at a time.
#pragma once

#include <cstddef>

#include "core/backend.h"
#include "synth/effects/pane.h"
#include "synth/effects/tile_bins.h"

namespace pluvia::synth {

struct PaneView {
  const float* plane = nullptr;  ///< null: no drops
  int lanes = 4;
  PaneGrid grid;
  TileLists lists;  ///< by tiles of the picture: which drops reach there

  PLUVIA_MEMBER bool reaches(int tile) const { return plane != nullptr && !lists.empty(tile); }
};

/// Lanes of at most N pixels.
template <int kLanes, int N>
struct PaneRow {
  float lane[kLanes][N];
};

/// False when no drop covers any of the pixels; `out` is then not filled.
template <int kLanes, int N>
PLUVIA_FUNCTION bool read_pane(const PaneView& pane, int y, int x0, int n,
                               PaneRow<kLanes, N>& out) {
  const float v = pane.grid.place(y);
  const int top = static_cast<int>(v);
  const float fy = v - static_cast<float>(top);
  const int first = static_cast<int>(pane.grid.place(x0));
  const int count = static_cast<int>(pane.grid.place(x0 + n - 1)) - first + 2;
  const float* const p =
      pane.plane + (static_cast<std::ptrdiff_t>(top) * pane.grid.width + first) * kLanes;
  const float* const q = p + static_cast<std::ptrdiff_t>(pane.grid.width) * kLanes;
  float line[(N + 2) * kLanes];
  for (int i = 0; i < count * kLanes; ++i) line[i] = p[i] + (q[i] - p[i]) * fy;
  float covered = 0;
  for (int i = 0; i < count; ++i) covered += line[i * kLanes + 3];
  if (covered <= 0) return false;
  float mixed[N * kLanes];
  for (int x = 0; x < n; ++x) {
    const float u = pane.grid.place(x0 + x);
    const int left = static_cast<int>(u);
    const float fx = u - static_cast<float>(left);
    const float* const a = line + (left - first) * kLanes;
    for (int l = 0; l < kLanes; ++l) mixed[x * kLanes + l] = a[l] + (a[kLanes + l] - a[l]) * fx;
  }
  for (int x = 0; x < n; ++x) {
    for (int l = 0; l < kLanes; ++l) out.lane[l][x] = mixed[x * kLanes + l];
  }
  return true;
}

}  // namespace pluvia::synth
