// SPDX-License-Identifier: Apache-2.0
// A symmetric window of 7 or 11 taps as whole numbers of about 30 bits in two halves of 16, for
// sums of 16-bit samples that stay exact (moment_filter.h). Their scale is free: of those that make
// a whole number of high halves of the outermost tap, whose rounding would weigh most, the one is
// taken that rounds the others least.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace pluvia {

struct SplitTaps {
  std::array<std::int16_t, 6> high{};  ///< from the middle outwards; the rest is 0
  std::array<std::int16_t, 6> low{};   ///< the outermost, too, is 0
  int radius = 0;                      ///< 3 or 5
  int low_bits = 0;                    ///< a tap is high * 2^low_bits + low ...
  std::int64_t sum = 0;                ///< ... of this, the sum of all
};

/// What rounding does to the taps, each relative to itself, summed over the distances.
constexpr double kMostTapError = 5e-8;

/// With samples up to 2^14 all sums of products with either half are below 2^31. Nothing where
/// rounding does more than it may: the outermost tap is next to nothing (most Gaussians of sigma
/// below 1.35 with 11 taps, 0.65 with 7).
std::optional<SplitTaps> split_taps(std::span<const double> taps);

}  // namespace pluvia
