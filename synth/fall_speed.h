// SPDX-License-Identifier: Apache-2.0
// Terminal velocity of rain drops in still air at sea level: the fit of Atlas, Srivastava and
// Sekhon (1973) to Gunn and Kinzer's measurements, v = 9.65 - 10.3 exp(-0.6 D), D in mm, v in m/s.
#pragma once

#include "core/exact_math.h"

namespace pluvia::synth {

/// 0 below 0.109 mm, where the fit turns negative.
inline double fall_speed_m_s(double diameter_mm) {
  const double speed = 9.65 - 10.3 * exact::exp(-0.6 * diameter_mm);
  return speed > 0 ? speed : 0;
}

}  // namespace pluvia::synth
