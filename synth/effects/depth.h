// SPDX-License-Identifier: Apache-2.0
// How far the scene is behind a pixel, in metres: a map, or for pictures that come without one the
// nearer of a distance per row and one per column (a street, effects/assumed_depth.h). Values that
// mean nothing (NaN, zero, negative) count as far away.
#pragma once

#include <cmath>
#include <cstddef>

#include "core/backend.h"

namespace pluvia::synth {

struct DepthView {
  const float* map = nullptr;   ///< (height, width); null: rows and columns
  const float* rows = nullptr;  ///< null as well: nothing is near
  const float* columns = nullptr;
  int width = 0;

  PLUVIA_MEMBER bool known() const { return map != nullptr || rows != nullptr; }
  PLUVIA_MEMBER float at(int y, int x) const {
    if (map == nullptr) return rows[y] < columns[x] ? rows[y] : columns[x];
    const float z = map[static_cast<std::ptrdiff_t>(y) * width + x];
    return z > 0 ? z : INFINITY;
  }
};

}  // namespace pluvia::synth
