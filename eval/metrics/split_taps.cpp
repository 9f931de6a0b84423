// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/split_taps.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "core/error.h"

namespace pluvia {
namespace {

constexpr int kHighBits = 15;

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

// Nothing where a half does not fit 16 bits.
std::optional<SplitTaps> split_at(std::span<const double> taps, double scale, int low_bits) {
  const std::size_t radius = taps.size() / 2;
  SplitTaps split;
  split.radius = static_cast<int>(radius);
  split.low_bits = low_bits;
  for (std::size_t k = 0; k <= radius; ++k) {
    const std::int64_t tap = std::llround(taps[radius + k] * scale);
    const std::int64_t high = (tap + (std::int64_t{1} << (low_bits - 1))) >> low_bits;
    if (high > std::numeric_limits<std::int16_t>::max()) return std::nullopt;
    split.high[k] = static_cast<std::int16_t>(high);
    split.low[k] = static_cast<std::int16_t>(tap - (high << low_bits));
    split.sum += k == 0 ? tap : 2 * tap;
  }
  return split;
}

double error_of(const SplitTaps& split, std::span<const double> taps) {
  const std::size_t radius = taps.size() / 2;
  double error = 0;
  for (std::size_t k = 0; k <= radius; ++k) {
    const std::int64_t tap = (std::int64_t{split.high[k]} << split.low_bits) + split.low[k];
    const double is = static_cast<double>(tap) / static_cast<double>(split.sum);
    error += std::abs(is / taps[radius + k] - 1);
  }
  return error;
}

}  // namespace

std::optional<SplitTaps> split_taps(std::span<const double> taps) {
  PLUVIA_CHECK(taps.size() == 7 || taps.size() == 11, taps.size());
  constexpr int kScales = 32;
  std::optional<SplitTaps> best;
  double least = kMostTapError;
  for (const int low_bits : {16, 15}) {
    const auto most = static_cast<int>(std::nearbyint(std::ldexp(taps.back(), kHighBits)));
    for (int high = most; high > std::max(0, most - kScales); --high) {
      const double scale = std::ldexp(high, low_bits) / taps.back();
      const std::optional<SplitTaps> split = split_at(taps, scale, low_bits);
      if (!split || !fits(*split)) continue;
      const double error = error_of(*split, taps);
      if (error > least) continue;
      least = error;
      best = split;
    }
  }
  return best;
}

}  // namespace pluvia
