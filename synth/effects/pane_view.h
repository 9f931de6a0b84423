// SPDX-License-Identifier: Apache-2.0
// The blurred pane read back at the picture's pixels: bilinear between pane pixels, first along
// rows of the pane, then between two of them. Along is done once for all rows of a tile that share
// a row of the pane.
#pragma once

#include <cstddef>

#include "core/backend.h"
#include "synth/effects/pane.h"
#include "synth/effects/streak_splat.h"
#include "synth/effects/tile_bins.h"

namespace pluvia::synth {

struct PaneView {
  const float* planes = nullptr;  ///< null: no drops
  PaneGrid grid;
  TileLists lists;  ///< by tiles of the picture: which drops reach there

  PLUVIA_MEMBER bool reaches(int tile) const { return planes != nullptr && !lists.empty(tile); }
};

namespace pane_law {

/// Spreads pane pixels over S times as many of the picture, N of them, which start at a whole pane
/// pixel. The same numbers as spread_any: fractions are exact.
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

/// The same for any scale and n pixels from x0 on; `line` starts at the row's first pane pixel.
PLUVIA_FUNCTION void spread_any(const float* line, const PaneGrid& grid, int x0, int n,
                                float* out) {
  for (int x = 0; x < n; ++x) {
    const float u = grid.place(x0 + x);
    const int left = static_cast<int>(u);
    const float* const p = line + left;
    out[x] = p[0] + (p[1] - p[0]) * (u - static_cast<float>(left));
  }
}

template <int N>
PLUVIA_FUNCTION void spread_line(const float* line, const PaneGrid& grid, int x0, int n,
                                 float* out) {
  const float* const from = line + static_cast<int>(grid.place(x0));
  if constexpr (N == kTileWidth) {
    if (n == N) {
      if (grid.scale == 2) return spread<2, N>(from, out);
      if (grid.scale == 4) return spread<4, N>(from, out);
      if (grid.scale == 8) return spread<8, N>(from, out);
      if (grid.scale == 16) return spread<16, N>(from, out);
    }
  }
  spread_any(line, grid, x0, n, out);
}

}  // namespace pane_law

/// Columns of a tile of the picture, at most N; rows are read downward. A row of the pane is spread
/// one row of the pane before it is used: what is loaded in wider pieces than it was stored waits.
template <int kPlanes, int N>
class PaneTile {
 public:
  PLUVIA_MEMBER PaneTile(const PaneView& pane, int x0, int n) : pane_(pane), x0_(x0), n_(n) {}

  /// False when no drop covers any of the row's pixels.
  PLUVIA_MEMBER bool read(int y) {
    const float v = pane_.grid.place(y);
    const int top = static_cast<int>(v);
    if (pane_.grid.scale == 1) return copy(top);
    while (next_ <= top + kAhead) {
      if (next_ < top) next_ = top;
      fill(next_++);
    }
    const int upper = top % kKept;
    const int lower = (top + 1) % kKept;
    if (!wet_[upper] && !wet_[lower]) return false;
    const float fy = v - static_cast<float>(top);
    for (int l = 0; l < kPlanes; ++l) {
      const float* const p = spread_[upper][l];
      const float* const q = spread_[lower][l];
      for (int x = 0; x < N; ++x) mixed_[l * N + x] = p[x] + (q[x] - p[x]) * fy;
    }
    return true;
  }
  /// The row read last from column x0 + x on: plane l starts at l * N.
  PLUVIA_MEMBER const float* row(int x) const { return mixed_ + x; }

 private:
  static constexpr int kAhead = N == 1 ? 1 : 2;
  static constexpr int kKept = kAhead + 1;

  /// Where pane pixels are the picture's.
  PLUVIA_MEMBER bool copy(int row) {
    const float* const line = pane_.planes + static_cast<std::ptrdiff_t>(row) * pane_.grid.width +
                              static_cast<int>(pane_.grid.place(x0_));
    for (int l = 0; l < kPlanes; ++l) {
      const float* const from = line + l * pane_.grid.numbers();
      for (int x = 0; x < n_; ++x) mixed_[l * N + x] = from[x];
    }
    int any = 0;
    for (int x = 0; x < n_; ++x) any |= mixed_[3 * N + x] > 0 ? 1 : 0;
    return any != 0;
  }
  PLUVIA_MEMBER void fill(int row) {
    const std::ptrdiff_t size = pane_.grid.numbers();
    const int within = row < pane_.grid.height ? row : pane_.grid.height - 1;
    const float* const line = pane_.planes + static_cast<std::ptrdiff_t>(within) * pane_.grid.width;
    float(*const out)[N] = spread_[row % kKept];
    int any = 0;
    pane_law::spread_line<N>(line + 3 * size, pane_.grid, x0_, n_, out[3]);
    for (int x = 0; x < N; ++x) any |= out[3][x] > 0 ? 1 : 0;
    wet_[row % kKept] = any != 0;
    for (int l = 0; l < kPlanes; ++l) {
      if (l == 3) continue;
      if (any != 0) {
        pane_law::spread_line<N>(line + l * size, pane_.grid, x0_, n_, out[l]);
      } else {  // what lights is covered
        for (int x = 0; x < N; ++x) out[l][x] = 0;
      }
    }
  }

  const PaneView& pane_;
  int x0_;
  int n_;
  int next_ = 0;  ///< row of the pane
  bool wet_[kKept] = {};
  alignas(64) float spread_[kKept][kPlanes][N] = {};
  alignas(64) float mixed_[kPlanes * N];
};

/// Less than half a code of the mask is no drop: drop = gt where mask = 0.
PLUVIA_FUNCTION bool is_covered(float coverage) { return coverage >= 0.5F / 255; }

/// Whether a drop covers any of N pixels of a row that was read.
template <int N>
PLUVIA_FUNCTION bool covered(const float* coverage) {
  int any = 0;
  for (int x = 0; x < N; ++x) any |= is_covered(coverage[x]) ? 1 : 0;
  return any != 0;
}

}  // namespace pluvia::synth
