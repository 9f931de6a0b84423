// SPDX-License-Identifier: Apache-2.0
// binary16 against its definition, for every value and around every midpoint.
#include "core/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace pluvia {
namespace {

double by_definition(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const double fraction = (half & 1023) / 1024.0;
  const double size =
      exponent == 0 ? std::ldexp(fraction, -14) : std::ldexp(1 + fraction, exponent - 15);
  return (half & 0x8000) != 0 ? -size : size;
}

TEST(Half, EveryValueMeansWhatTheStandardSaysAndComesBack) {
  for (unsigned i = 0; i < 65536; ++i) {
    const auto half = static_cast<std::uint16_t>(i);
    const float value = half_to_float(half);
    if (((half >> 10) & 31) == 31) {
      EXPECT_EQ((half & 1023) == 0, std::isinf(value)) << i;
      continue;
    }
    ASSERT_EQ(value, static_cast<float>(by_definition(half))) << i;
    ASSERT_EQ(float_to_half(value), half) << i;
  }
}

TEST(Half, RoundsToNearestAndTiesToEven) {
  for (unsigned i = 0; i < 0x7BFF; ++i) {
    const float low = half_to_float(static_cast<std::uint16_t>(i));
    const float high = half_to_float(static_cast<std::uint16_t>(i + 1));
    const float middle = 0.5F * (low + high);  // exact: floats have 13 more bits
    ASSERT_EQ(float_to_half(middle), i % 2 == 0 ? i : i + 1) << i;
    ASSERT_EQ(float_to_half(std::nextafter(middle, low)), i);
    ASSERT_EQ(float_to_half(std::nextafter(middle, high)), i + 1);
  }
}

TEST(Half, WhatIsTooLargeIsInfinite) {
  EXPECT_EQ(float_to_half(65519.9F), 0x7BFF);
  EXPECT_EQ(float_to_half(65520.0F), 0x7C00);
  EXPECT_EQ(float_to_half(-1e30F), 0xFC00);
  EXPECT_EQ(float_to_half(INFINITY), 0x7C00);
  EXPECT_TRUE(std::isnan(half_to_float(float_to_half(NAN))));
  EXPECT_EQ(float_to_half(1e-12F), 0);
}

}  // namespace
}  // namespace pluvia
