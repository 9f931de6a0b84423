// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/moment_filter.h"

#include <algorithm>

#include "core/error.h"
#include "core/for_each.h"
#include "core/independent.h"

namespace pluvia {
namespace {

/// Where the samples of the planes begin.
using PlaneStarts = std::array<std::int16_t*, 4>;

// Products modulo 2^16; d (d - 1) is never negative and needs all 16 bits.
PLUVIA_ALL_LEVELS void make_planes(const std::uint8_t* a, const std::uint8_t* b, int n,
                                   const PlaneStarts& planes) {
  std::int16_t* const sums = planes[0];
  std::int16_t* const differences = planes[1];
  std::int16_t* const squares = planes[2];
  std::int16_t* const products = planes[3];
  PLUVIA_INDEPENDENT
  for (int i = 0; i < n; ++i) {
    const auto x = static_cast<std::int16_t>(a[i] - 128);
    const auto y = static_cast<std::int16_t>(b[i] - 127);
    const auto below = static_cast<std::int16_t>(x - y);
    const auto difference = static_cast<std::int16_t>(below + 1);
    const auto product = static_cast<std::int16_t>(x * y);
    sums[i] = static_cast<std::int16_t>(x + y);
    differences[i] = difference;
    squares[i] =
        static_cast<std::int16_t>(product + (static_cast<std::uint16_t>(difference * below) >> 1));
    products[i] = product;
  }
}

}  // namespace

MomentFilter::MomentFilter(const SplitTaps& taps, int step, MomentBody best)
    : taps_(taps), step_(step), body_(std::min(best_moment_body(), best)) {
  PLUVIA_CHECK(step == 1 || step == 3, step);
}

void MomentFilter::take(int row, const std::uint8_t* a, const std::uint8_t* b, int n, int there) {
  const int halo = reach();
  PLUVIA_CHECK(row >= 0 && row < kMomentRows && n <= kMomentStrip && there >= n + 2 * halo, row,
               " ", n, " ", there);
  PlaneStarts starts;
  for (std::size_t f = 0; f < 4; ++f) {
    starts[f] = planes_.samples[f][static_cast<std::size_t>(row)].data() + MomentPlanes::kFront;
  }
  // Whole registers where the picture goes on: the last samples one by one take as long as all.
  constexpr int kLanes = MomentPlanes::kLanes;
  const int whole = (n + 2 * halo + kLanes - 1) / kLanes * kLanes;
  make_planes(a, b, std::min(whole, there), starts);
}

void MomentFilter::filter(int column, MomentTile& out) const {
  PLUVIA_CHECK(column >= 0 && column + kMomentColumns <= kMomentStrip, column);
  const MomentLines lines{planes_.samples[0][0].data() + MomentPlanes::kFront + reach() + column,
                          out.sums[0][0].data()};
  filter_lines(body_, step_, lines, taps_);
}

}  // namespace pluvia
