// SPDX-License-Identifier: Apache-2.0
// For tests: a camera of 1280x720 and rain that falls straight down.
#pragma once

#include "synth/effects/streaks.h"

namespace pluvia::synth {

inline Camera camera_720p(double focal_px) {
  CameraState state;
  state.position_m = {3, 1.5, -7};
  state.focal_px = focal_px;
  return Camera::of(state, 720, 1280);
}

inline RainField still_rain(double rate, double width_px) {
  RainField field;
  field.rate_mm_h = rate;
  field.min_width_px = width_px;
  field.near_m = 0.05;
  field.drift = 0;
  return field;
}

}  // namespace pluvia::synth
