// SPDX-License-Identifier: Apache-2.0
// Brightness along a streak: a falling drop oscillates, and its light with it (Garg and Nayar
// 2006). Rayleigh's frequencies of a free drop of radius a, surface tension sigma, density rho:
//   f_n = sqrt(n (n-1) (n+2) sigma / (rho a^3)) / 2 pi,
// n = 2 the axisymmetric mode (2,0), n = 3 the transverse one (3,1).
#pragma once

#include <cmath>

#include "core/backend.h"
#include "core/exact_float.h"
#include "core/exact_math.h"

namespace pluvia::synth {

struct Oscillations {
  double axisymmetric;
  double transverse;
};

inline Oscillations oscillations_hz(double diameter_mm) {
  constexpr double kTension = 0.0728;  // N/m
  constexpr double kDensity = 1000;    // kg/m^3
  const double radius_m = 0.5e-3 * diameter_mm;
  const double base =
      std::sqrt(kTension / (kDensity * radius_m * radius_m * radius_m)) / exact::detail::kTwoPi;
  return {base * 2.8284271247461901, base * 5.4772255750516611};  // roots of n (n-1) (n+2)
}

/// A wave of brightness along a streak.
struct Ripple {
  float amplitude = 0;
  float per_px = 0;  ///< turns
  float turns = 0;   ///< at the start of the streak

  PLUVIA_MEMBER float at(float along) const {
    return amplitude * exact::rough_sine_turns(turns + along * per_px);
  }
};

}  // namespace pluvia::synth
