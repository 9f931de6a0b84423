// SPDX-License-Identifier: Apache-2.0
// Everything a user may ask of the rain of one clip, as a table (core/params.h): names, units,
// defaults and ranges; and the same as a struct for the renderer. Defaults are physical rain by day
// seen from a car; `vrds_look` gives values after the published frames of VRDS.
//
// Widths, and the defocus that follows from the focal length, are for a frame 1280 pixels wide and
// scale with the frame, so that a small render looks like a large one shrunk.
#pragma once

#include <span>

#include "core/params.h"
#include "synth/effects/compose.h"
#include "synth/effects/glass_drops.h"
#include "synth/effects/streaks.h"
#include "synth/effects/veil.h"

namespace pluvia::synth {

std::span<const Param> rain_param_table();

/// "vrds": the table's values for formation vrds, as a Params to change further.
Params vrds_look();

struct RainParams {
  bool physical = true;
  bool streaks = true;       ///< false: the same rain without its resolved streaks
  bool drops_still = false;  ///< true: the glass stays as it is at time 0
  RainField rain;  ///< min_width_px at 1280 pixels
  GlassField glass;
  Lens lens;
  StreakTone tone;
  float sky_gain = 1;
  double q_ext = 1.5;
  double mist_per_km = 0;
  float noise_shot = 0;
  float noise_read = 0;

  static RainParams of(const Params& params);
};

}  // namespace pluvia::synth
