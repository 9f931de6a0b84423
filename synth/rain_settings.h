// SPDX-License-Identifier: Apache-2.0
// What the renderer is told about the rain of one clip (synth/rain_params.h has the table of names
// and defaults that users see).
#pragma once

#include "synth/camera.h"
#include "synth/effects/compose.h"
#include "synth/effects/glass_drops.h"
#include "synth/effects/streaks.h"

namespace pluvia {
class Params;
}  // namespace pluvia

namespace pluvia::synth {

struct RainParams {
  bool physical = true;
  bool streaks = true;       ///< false: the same rain without its resolved streaks
  bool drops_still = false;  ///< true: the glass stays as it is at time 0
  RainField rain;            ///< min_width_px at 1280 pixels
  GlassField glass;
  Lens lens;
  StreakTone tone;
  float sky_gain = 1;
  double q_ext = 1.5;
  double mist_per_km = 0;
  float noise_shot = 0;
  float noise_read = 0;

  /// `camera_m_s`: the camera's speed over the clip, which the glass has unless it is given its
  /// own.
  static RainParams of(const Params& params, double camera_m_s = 0);
};

}  // namespace pluvia::synth
