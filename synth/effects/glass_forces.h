// SPDX-License-Identifier: Apache-2.0
// What holds a drop on a pane and what drives it. Millimetres, newtons.
//
// Shape: a spherical cap of contact angle th on a foot of radius a has the volume
// k a^3, k = pi (2 - 3 cos th + cos^3 th) / (3 sin^3 th).
// Held by Furmidge (1962): sigma 2a (cos th_receding - cos th_advancing); the resting angle, which
// gives the volume, is taken midway between the two. Driven by weight along the pane, and against
// it by the air that streams up a pane that moves: a cap's profile at the speed that the air has
// within the boundary layer, kNearPane of the stream. That factor is set so that drops about to
// slide stand still near 55 km/h on a pane at 30 degrees, as is seen on windscreens.
#pragma once

#include "core/exact_math.h"

namespace pluvia::synth {

inline constexpr double kPi = 3.14159265358979323846;

inline double cap_volume_factor(double contact_deg) {
  const exact::SinCos th = exact::sin_cos_turns(contact_deg / 360);
  return kPi * (2 - 3 * th.cos + th.cos * th.cos * th.cos) / (3 * th.sin * th.sin * th.sin);
}

inline double cube_root(double x) { return x > 0 ? exact::exp(exact::log(x) / 3) : 0; }

struct GlassSurfaceLaw {
  double contact_deg = 50;   ///< at rest
  double receding_deg = 46;  ///< advancing: as far on the other side
  double tilt_deg = 45;      ///< of the pane from the horizontal
  double speed_m_s = 0;      ///< of the pane through the air
};

class GlassForces {
 public:
  explicit GlassForces(const GlassSurfaceLaw& law) {
    constexpr double kSurfaceTension = 0.0728;  // N/m
    constexpr double kWeight = 9.81e3;          // N/m^3
    constexpr double kAir = 1.2;                // kg/m^3
    constexpr double kNearPane = 0.38;
    const double advancing_deg = 2 * law.contact_deg - law.receding_deg;
    const double hysteresis = exact::sin_cos_turns(law.receding_deg / 360).cos -
                              exact::sin_cos_turns(advancing_deg / 360).cos;
    const exact::SinCos tilt = exact::sin_cos_turns(law.tilt_deg / 360);
    const exact::SinCos th = exact::sin_cos_turns(law.contact_deg / 360);
    const double along = kNearPane * law.speed_m_s * tilt.cos;
    const double profile = (law.contact_deg * kPi / 180 - th.sin * th.cos) / (th.sin * th.sin);
    hold_ = kSurfaceTension * 2 * hysteresis * 1e-3;
    weight_ = kWeight * cap_volume_factor(law.contact_deg) * tilt.sin * 1e-9;
    drag_ = 0.5 * kAir * profile * along * along * 1e-6;
  }

  double hold_n(double foot_mm) const { return hold_ * foot_mm; }
  /// Down the pane; negative: the wind wins.
  double drive_n(double foot_mm) const { return (weight_ * foot_mm - drag_) * foot_mm * foot_mm; }
  /// Over 1 in size: it slides.
  double ratio(double foot_mm) const {
    return hold_ > 0 ? drive_n(foot_mm) / hold_n(foot_mm) : (drive_n(foot_mm) < 0 ? -1e9 : 1e9);
  }

 private:
  double hold_ = 0;    ///< per mm of foot
  double weight_ = 0;  ///< per mm^3
  double drag_ = 0;    ///< per mm^2
};

}  // namespace pluvia::synth
