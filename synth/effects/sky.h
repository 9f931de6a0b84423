// SPDX-License-Identifier: Apache-2.0
// Light of what an 8-bit picture clips: the brightest quarter of the codes is expanded, by a
// smoothstep of linear light from 0.6 (display 0.8) to 1, up to `gain` at full white. Streaks and
// drops show this light; the picture itself does not change.
#pragma once

#include "core/backend.h"

namespace pluvia::synth {

/// Factor for a pixel of these three linear values.
PLUVIA_FUNCTION float sky_factor(float r, float g, float b, float gain) {
  constexpr float kFrom = 0.6F;
  const float of_two = r < g ? r : g;
  const float least = of_two < b ? of_two : b;
  const float t = (least - kFrom) * (1 / (1 - kFrom));
  const float above = t > 0 ? t : 0.0F;
  const float s = above < 1 ? above : 1.0F;
  return 1 + (gain - 1) * (s * s * (3 - 2 * s));
}

}  // namespace pluvia::synth
