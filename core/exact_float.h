// SPDX-License-Identifier: Apache-2.0
// Single-precision functions for work on every pixel: additions, multiplications and conversions
// without branches, so that they vectorise and give the same bits everywhere. Accuracy is that of a
// picture, stated with each; core/exact_math.h has the double-precision ones.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/backend.h"

namespace pluvia::exact {

/// 2^x for x <= 0; relative error below 2.5e-7, 2^-126 at and below -126.
PLUVIA_FUNCTION float exp2_of_negative(float x) {
  x = x > -126.0F ? x : -126.0F;
  const auto whole = static_cast<std::int32_t>(x);
  const float f = x - static_cast<float>(whole);  // in (-1, 0]
  // In pairs: summed from one end, every step would wait for the one before.
  const float f2 = f * f;
  const float p = (1.0F + f * 0.69314355F) +
                  f2 * ((0.2401789F + f * 0.05529404F) + f2 * (0.0092021767F + f * 0.00094351085F));
  return p * std::bit_cast<float>(static_cast<std::uint32_t>(whole + 127) << 23);
}

/// e^-x for x >= 0; relative error below 3e-7 + 1e-7 x.
PLUVIA_FUNCTION float exp_of_minus(float x) { return exp2_of_negative(-1.44269504F * x); }

/// Angle in radians of a sine in [-1, 1]; absolute error below 2e-6.
PLUVIA_FUNCTION float asin(float x) {
  const float a = std::fabs(x);
  const float p =
      1.570795F +
      a * (-0.21450454F +
           a * (0.087813914F + a * (-0.04478451F + a * (0.019150963F + a * -0.0042582816F))));
  const float rest = 1.0F - a;
  const float angle = 1.57079633F - std::sqrt(rest > 0 ? rest : 0.0F) * p;
  return std::copysign(angle, x);
}

/// Sine of an angle in turns from one parabola a half turn: within 0.06, good enough for ripples.
PLUVIA_FUNCTION float rough_sine_turns(float turns) {
  const float t = turns - std::floor(turns + 0.5F);
  return t * (8 - 16 * std::fabs(t));
}

/// Exponent and mantissa read as a number: exact at powers of two, 0.09 low at worst between.
PLUVIA_FUNCTION float rough_log2(float x) {
  return static_cast<float>(std::bit_cast<std::uint32_t>(x)) * 0x1p-23F - 127.0F;
}

}  // namespace pluvia::exact
