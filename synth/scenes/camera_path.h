// SPDX-License-Identifier: Apache-2.0
// Where the camera is at any time: hood-height dash camera driving at 4 to 19 m/s, or a person at
// the kerb who stands or walks. Sway is a sum of slow sines, so position and velocity are closed
// forms of time.
#pragma once

#include <array>

#include "synth/scene.h"
#include "synth/scenes/geometry.h"

namespace pluvia::synth::scenes {

struct Wave {
  double amplitude = 0;
  double frequency_hz = 0;
  double phase_turns = 0;
  double value(double time_s) const;
  double rate(double time_s) const;
};

struct CameraPath {
  double x_m = 0;
  double height_m = 1.3;
  double speed_m_s = 0;
  double surge_m = 0;  ///< amplitude of the slow change of speed, as a length
  double yaw_rad = 0;  ///< to the left
  double pitch_rad = 0;
  double focal_widths = 0.9;  ///< focal length over the frame's width
  std::array<Wave, 2> across;
  std::array<Wave, 2> bob;
  Wave surge;
  std::array<Wave, 2> yaw;
  std::array<Wave, 2> pitch;
  Wave roll;

  static CameraPath drive(std::uint64_t seed);
  static CameraPath stand(std::uint64_t seed, double kerb_x_m);

  double forward_m(double time_s) const;
  CameraState at(double time_s, int width) const;
};

/// A camera in street coordinates: rays and projections in single precision.
struct View {
  View(const CameraState& camera, int height, int width);
  /// Ray through the point (x, y) of the frame; its length along `forward` is 1.
  Vec ray(float x, float y) const {
    return forward + right * ((x - centre_x) * inv_focal) - up * ((y - centre_y) * inv_focal);
  }
  Vec position;
  Vec right;
  Vec up;
  Vec forward;
  float focal_px;
  float inv_focal;
  float centre_x;
  float centre_y;
};

}  // namespace pluvia::synth::scenes
