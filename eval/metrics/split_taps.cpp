// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/split_taps.h"

#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/error.h"

namespace pluvia {
namespace {

// Largest sum that a filter meets with these taps.
std::int64_t largest_sum(const std::array<std::int16_t, 6>& taps) {
  constexpr std::int64_t kLargestSample = std::int64_t{1} << 14;
  std::int64_t sum = kLargestSample * std::abs(taps[0]);
  for (std::size_t k = 1; k < taps.size(); ++k) sum += 2 * kLargestSample * std::abs(taps[k]);
  return sum;
}

bool fits(const SplitTaps& taps) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  return largest_sum(taps.high) < kMost && largest_sum(taps.low) < kMost;
}

// What 1 becomes: near 2^(high_bits + low_bits).
double scale_of(std::span<const double> taps, int high_bits, int low_bits) {
  constexpr double kEnough = 16;    // of high halves: the scale moves by a 32nd at most
  constexpr double kWhole = 1024;
  const double scale = std::ldexp(1.0, high_bits + low_bits);
  const double high = std::nearbyint(std::ldexp(taps.back(), high_bits));
  if (high >= kEnough) return std::ldexp(high, low_bits) / taps.back();
  const double outermost = std::nearbyint(taps.back() * scale);
  return outermost >= kWhole ? outermost / taps.back() : scale;
}

SplitTaps split_at(std::span<const double> taps, int high_bits, int low_bits) {
  const std::size_t radius = taps.size() / 2;
  const double scale = scale_of(taps, high_bits, low_bits);
  SplitTaps split;
  split.radius = static_cast<int>(radius);
  split.low_bits = low_bits;
  for (std::size_t k = 0; k <= radius; ++k) {
    const std::int64_t tap = std::llround(taps[radius + k] * scale);
    const std::int64_t high = (tap + (std::int64_t{1} << (low_bits - 1))) >> low_bits;
    PLUVIA_CHECK(high <= std::numeric_limits<std::int16_t>::max(), high);
    split.high[k] = static_cast<std::int16_t>(high);
    split.low[k] = static_cast<std::int16_t>(tap - (high << low_bits));
    split.sum += k == 0 ? tap : 2 * tap;
  }
  return split;
}

}  // namespace

SplitTaps split_taps(std::span<const double> taps) {
  PLUVIA_CHECK(taps.size() == 7 || taps.size() == 11, taps.size());
  // The largest tap's high half has to fit 16 bits with its sign, whatever scale_of made of it.
  const int high_bits = taps[taps.size() / 2] < 0.96 ? 15 : 14;
  int low_bits = 16;
  SplitTaps split = split_at(taps, high_bits, low_bits);
  while (!fits(split)) split = split_at(taps, high_bits, --low_bits);
  PLUVIA_CHECK(low_bits >= 14, low_bits);  // with 14 every window fits
  return split;
}

}  // namespace pluvia
