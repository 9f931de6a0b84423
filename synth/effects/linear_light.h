// SPDX-License-Identifier: Apache-2.0
// sRGB codes to light and back (IEC 61966-2-1), light 1 at code 255. Arithmetic instead of tables,
// so that it vectorises on every level, and additions and multiplications alone, so that it gives
// the same bits everywhere. The broken powers are polynomials of least largest error: light of a
// code in u, which runs over [-1, 1]; the code of a light in its fourth root, which comes from the
// bits of the number and a series: two square roots would cost more than all the rest. Polynomials
// are summed in pairs, not from one end, because that waits less.
//
// Light of a code is within 1.5e-6 of the standard's, and 1 at code 255. Back, the display value is
// within 0.007 codes of it before it is rounded, and every code comes back as itself.
#pragma once

#include <bit>
#include <cstdint>

#include "core/backend.h"

namespace pluvia::synth {

/// Of a code from 0 to 255.
PLUVIA_FUNCTION float light_of_code(std::int32_t code) {
  constexpr std::int32_t kLastLinear = 10;
  const float v = static_cast<float>(code);
  const float u = v * 0.0081967208534F - 1.0901639461517F;
  const float u2 = u * u;
  const float u4 = u2 * u2;
  const float low = (0.23455104231834F + u * 0.46710336208344F) +
                    u2 * (0.27133330702782F + u * 0.03006440214813F);
  const float high = (-0.00381527212448F + u * 0.00084339379100F) +
                     u2 * (-0.00018620256742F + u * 0.00031505097286F) + u4 * -0.00020883101388F;
  return code > kLastLinear ? low + u4 * high : v * 0.000303526991047F;
}

/// The nearest code; 0 for NaN and everything below, 255 for everything above.
PLUVIA_FUNCTION std::int32_t code_of_light(float light) {
  constexpr float kLinear = 0.0031308F;
  constexpr std::int32_t kQuarter = 0x4F582000;
  const float above = light > 0 ? light : 0.0F;
  const float x = above < 1 ? above : 1.0F;
  // The exponent's bits by minus a quarter: x^(-1/4) within 3.3 %. What that leaves of x is 1 - h.
  const float y = std::bit_cast<float>(kQuarter - (std::bit_cast<std::int32_t>(x) >> 2));
  const float y2 = y * y;
  const float h = 1 - x * (y2 * y2);
  const float rest = (0.9999833F + h * 0.7499846F) + (h * h) * (0.66497236F + h * 0.6093447F);
  const float q = (x * y) * (y2 * rest);
  const float q2 = q * q;
  const float low = (-15.593809F + q * 45.858734F) + q2 * (303.13614F + q * -117.46599F);
  const float high = 49.128513F + q * -9.561687F;
  return static_cast<std::int32_t>(x > kLinear ? low + (q2 * q2) * high : x * 3294.6F + 0.5F);
}

}  // namespace pluvia::synth
