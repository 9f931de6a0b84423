// SPDX-License-Identifier: Apache-2.0
// The opacity that one streak gives to one pixel: the law that the loops of streak_splat.cpp run.
//
// Soft streaks (rain.md 4.2): a Gaussian across, of the variance of the drop's disc (w^2/16), its
// circle of confusion (c^2/16) and the pixel (0.55^2); along, a bar whose ends are ramps of the
// same variance: the integral of (1 - t^2)^4, which ends at 3.32 standard deviations. Sharp streaks
// (w >= 2 px, c <= 0.3 w, L >= 0.75 w), where the Gaussian is up to 28 % off at the peak: the time
// that the disc covers a point, a chord over the length, averaged over the pixel across:
//   alpha = h/L [rho((s + L/2)/h) - rho((s - L/2)/h)],  rho(t) = clamp(t, -1, 1),
// h the mean half chord. Defocus widens the disc to the same variance and thins it to the same
// area.
//
// Either way opacities sum to pi w^2/4 over the pixels, the area of the drop, whatever the
// exposure, speed or defocus. Light along a streak ripples with the drop's two strongest
// oscillations.
#pragma once

#include <cmath>

#include "core/backend.h"
#include "core/exact_float.h"
#include "synth/effects/ripple.h"

namespace pluvia::synth {

/// A streak with everything that is the same for all of its pixels.
struct StreakBar {
  float mx = 0, my = 0;  ///< middle
  float ex = 0, ey = 1;  ///< along
  float half = 0;        ///< half length
  float reach = 0;       ///< beyond this distance from the path nothing is drawn
  float gain = 0;
  float inv_sigma = 0;  ///< of a soft streak
  float radius = 0;     ///< of a sharp one; 0: soft
  float inv_depth = 0;
  float brightness = 1;
  Ripple ripple[2];

  /// So long that where one end fades the other does not.
  PLUVIA_MEMBER bool is_long() const { return half >= reach; }
  PLUVIA_MEMBER bool rippled() const {
    return ripple[0].amplitude != 0 || ripple[1].amplitude != 0;
  }
};

/// Which of a streak's two ends may matter to a pixel.
enum class Ends { kNone, kNearest, kBoth };

struct Ink {
  float opacity;
  float glow;  ///< opacity weighted by brightness
};

namespace streak_law {

inline constexpr float kCut = 3.4F;  ///< standard deviations; what lies beyond is 0.07 %
inline constexpr float kRampReach = 3.3166248F;  ///< standard deviations, sqrt(11)

PLUVIA_FUNCTION float clamped(float t) {
  const float above = t > -1 ? t : -1.0F;
  return above < 1 ? above : 1.0F;
}

/// From 0 to 1 over [-1, 1]; exactly 0 and 1 at the ends and beyond.
PLUVIA_FUNCTION float ramp(float t) {
  const float x = clamped(t);
  const float z = x * x;
  const float odd =
      x * (1 + z * (-1.33333333F + z * (1.2F + z * (-0.57142857F + z * 0.11111111F))));
  return 0.5F + 1.23046875F * odd;
}

/// Integral of sqrt(r^2 - t^2) from 0 to e.
PLUVIA_FUNCTION float chord_area(float r, float e) {
  const float x = r * clamped(e / r);
  const float rest = r * r - x * x;
  return 0.5F * (x * std::sqrt(rest > 0 ? rest : 0.0F) + r * r * exact::asin(clamped(x / r)));
}

}  // namespace streak_law

/// How much of a streak a surface at a share of its depth leaves: soft over 10 % of the depth.
PLUVIA_FUNCTION float visible_before(float share) {
  const float t = (share - 1) * 10 + 0.5F;
  const float above = t > 0 ? t : 0.0F;
  const float s = above < 1 ? above : 1.0F;
  return s * s * (3 - 2 * s);
}

/// At (dx, dy) from the streak's middle. Ends are skipped where they are known not to matter; of
/// soft streaks that are long, pixels take the nearest one only.
template <bool kSharp, Ends kEnds>
PLUVIA_FUNCTION float bar_opacity(const StreakBar& bar, float dx, float dy) {
  const float e = dy * bar.ex - dx * bar.ey;
  const float s = dx * bar.ex + dy * bar.ey;
  float alpha;
  if constexpr (kSharp) {
    const float h =
        streak_law::chord_area(bar.radius, e + 0.5F) - streak_law::chord_area(bar.radius, e - 0.5F);
    const float inv_width = 1 / (h > 0.5F ? h : 0.5F);
    alpha = bar.gain * h *
            (streak_law::clamped((s + bar.half) * inv_width) -
             streak_law::clamped((s - bar.half) * inv_width));
  } else {
    const float t = e * bar.inv_sigma;
    alpha = bar.gain * exact::exp2_of_negative(-0.72134752F * (t * t));
    if constexpr (kEnds != Ends::kNone) {
      const float scale = bar.inv_sigma * (1 / streak_law::kRampReach);
      const float inside =
          kEnds == Ends::kNearest
              ? streak_law::ramp((bar.half - (s < 0 ? -s : s)) * scale)
              : streak_law::ramp((s + bar.half) * scale) - streak_law::ramp((s - bar.half) * scale);
      // Rounding may leave a little less than nothing.
      alpha *= inside > 0 ? inside : 0.0F;
    }
  }
  const float beside = e < 0 ? -e : e;
  if constexpr (kEnds == Ends::kNone) return beside < bar.reach ? alpha : 0.0F;
  const float beyond = s < 0 ? -s : s;
  // Not &&: a branch here would keep the loop over pixels from being vectorised.
  const bool near = (beside < bar.reach) & (beyond < bar.half + bar.reach);
  return near ? alpha : 0.0F;
}

template <bool kRipple>
PLUVIA_FUNCTION Ink ink_of(const StreakBar& bar, float alpha, float dx, float dy) {
  if constexpr (!kRipple) return {alpha, alpha * bar.brightness};
  const float along = dx * bar.ex + dy * bar.ey + bar.half;
  const float wave = 1 + bar.ripple[0].at(along) + bar.ripple[1].at(along);
  return {alpha, alpha * bar.brightness * (wave > 0 ? wave : 0.0F)};
}

}  // namespace pluvia::synth
