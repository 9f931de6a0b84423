// SPDX-License-Identifier: Apache-2.0
// PNG's predictor (ISO/IEC 15948, 9.4): of the neighbours to the left, above and at the corner the
// one nearest to left + up - corner; ties go to the left, then up.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace pluvia {

inline std::uint8_t paeth(int left, int up, int corner) {
  const int to_left = std::abs(up - corner);
  const int to_up = std::abs(left - corner);
  const int to_corner = std::abs(left + up - 2 * corner);
  if (to_left <= to_up && to_left <= to_corner) return static_cast<std::uint8_t>(left);
  return static_cast<std::uint8_t>(to_up <= to_corner ? up : corner);
}

}  // namespace pluvia
