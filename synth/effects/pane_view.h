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

namespace pane_law {

/// Spreads pane pixels over S times as many of the picture, N of them, which start at a whole pane
/// pixel. The same numbers as the general loop of read_pane: fractions are exact.
template <int S, int N>
PLUVIA_FUNCTION void spread(const float* line, float out[N]) {
  for (int i = 0; i < N / S; ++i) {
    for (int j = 0; j < S; ++j) {
      const int left = i + (j >= S / 2 ? 1 : 0);
      const float fraction = (static_cast<float>(j) + 0.5F) / S + (j >= S / 2 ? -0.5F : 0.5F);
      out[i * S + j] = line[left] + (line[left + 1] - line[left]) * fraction;
    }
  }
}

/// The same for any scale and start; `place` counts from the line's first.
template <int N>
PLUVIA_FUNCTION void spread_any(const float* line, const PaneGrid& grid, int first, int x0, int n,
                                float out[N]) {
  for (int x = 0; x < n; ++x) {
    const float u = grid.place(x0 + x);
    const int left = static_cast<int>(u);
    const float* const p = line + (left - first);
    out[x] = p[0] + (p[1] - p[0]) * (u - static_cast<float>(left));
  }
}

template <int N>
PLUVIA_FUNCTION void spread_lane(const float* line, const PaneGrid& grid, int first, int x0, int n,
                                 float out[N]) {
  if constexpr (N >= 16) {
    if (grid.scale == 2) return spread<2, N>(line, out);
    if (grid.scale == 4) return spread<4, N>(line, out);
    if (grid.scale == 8) return spread<8, N>(line, out);
  }
  spread_any<N>(line, grid, first, x0, n, out);
}

}  // namespace pane_law

/// False when no drop covers any of the pixels; `out` is then not filled. Stretches of more than one
/// pixel start at a tile of the picture.
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
  float mixed[(N + 2) * kLanes];
  for (int i = 0; i < count * kLanes; ++i) mixed[i] = p[i] + (q[i] - p[i]) * fy;
  float covered = 0;
  for (int i = 0; i < count; ++i) covered += mixed[i * kLanes + 3];
  if (covered <= 0) return false;
  constexpr int kUsed = kLanes == 8 ? 7 : 4;
  // All lines before the first is spread: what was just written is not yet ready to be read askew.
  float line[kUsed][N + 2];
  for (int i = 0; i < count; ++i) {
    for (int l = 0; l < kUsed; ++l) line[l][i] = mixed[i * kLanes + l];
  }
  for (int l = 0; l < kUsed; ++l) {
    for (int i = count; i < N + 2 && i < count + 2; ++i) line[l][i] = 0;
  }
  for (int l = 0; l < kUsed; ++l) {
    pane_law::spread_lane<N>(line[l], pane.grid, first, x0, n, out.lane[l]);
  }
  return true;
}

}  // namespace pluvia::synth
