// SPDX-License-Identifier: Apache-2.0
// The sums of moment_filter.h, written for several generations of CPUs: all give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "eval/metrics/moment_tile.h"
#include "eval/metrics/split_taps.h"

namespace pluvia {

/// What they are written for. The first runs everywhere.
enum class MomentBody : std::uint8_t { kPlain, kAvx2, kAvx512, kVnni };

MomentBody best_moment_body();

/// A tile's rows in all planes, one after the other; by value, lest every store could change it.
struct MomentLines {
  const std::int16_t* middle = nullptr;  ///< of the first column's window
  double* out = nullptr;

  static constexpr int kCount = 4 * kMomentRows;

  const std::int16_t* in(int line) const {
    return middle + std::ptrdiff_t{line} * MomentPlanes::kPitch;
  }
  double* to(int line) const { return out + std::ptrdiff_t{line} * MomentTile::kPitch; }
};

/// Neighbours in a channel are `step` samples apart, 1 or 3.
void filter_lines(MomentBody body, int step, MomentLines lines, const SplitTaps& taps);

}  // namespace pluvia
