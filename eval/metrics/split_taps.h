// SPDX-License-Identifier: Apache-2.0
// A symmetric window of 7 or 11 taps as whole numbers of about 30 bits in two halves of 16, for
// sums of 16-bit samples that stay exact (moment_filter.h). The scale is free: it is taken such
// that the outermost tap, whose rounding would weigh most, is a whole number, and if that is not
// next to nothing one whose low half is 0.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace pluvia {

struct SplitTaps {
  std::array<std::int16_t, 6> high{};  ///< from the middle outwards; the rest is 0
  std::array<std::int16_t, 6> low{};
  int radius = 0;        ///< 3 or 5
  int low_bits = 0;      ///< a tap is high * 2^low_bits + low ...
  std::int64_t sum = 0;  ///< ... of this, the sum of all
};

/// With samples up to 2^14 all sums of products with either half, and of either sign, are below
/// 2^31.
SplitTaps split_taps(std::span<const double> taps);

}  // namespace pluvia
