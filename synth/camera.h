// SPDX-License-Identifier: Apache-2.0
// A pinhole camera with a thin lens's defocus: where a point of the world falls in the picture and
// how far out of focus it is. Conventions of axes and pixels: synth/scene.h. Lengths in metres.
//
// Within one exposure the camera moves along a straight line and does not turn: CameraState carries
// no rate of rotation.
#pragma once

#include <cmath>

#include "synth/scene.h"
#include "synth/vec3.h"

namespace pluvia::synth {

struct Lens {
  double exposure_s = 0.008;
  double aperture_m = 0.001;  ///< diameter: focal length over f-number
  double focus_m = 0;         ///< distance in focus; 0: infinity

  /// Diameter of the circle of confusion of a point at depth z, in pixels.
  double blur_px(double z_m, double focal_px) const {
    const double vergence = focus_m > 0 ? 1 / focus_m : 0;
    return focal_px * aperture_m * std::abs(1 / z_m - vergence);
  }
};

struct ImagePoint {
  double x = 0;
  double y = 0;
};

/// A camera at one moment.
struct Camera {
  Vec3 position;
  Rotation axes;
  Vec3 velocity;
  double focal_px = 1;
  int height = 0;
  int width = 0;

  /// A state without a focal length is given a horizontal view of 53 degrees.
  static Camera of(const CameraState& state, int height, int width) {
    const double focal_px = state.focal_px > 0 ? state.focal_px : width;
    return {to_vec3(state.position_m),
            Rotation::of(state.orientation),
            to_vec3(state.velocity_m_s),
            focal_px,
            height,
            width};
  }

  /// x right, y up, z the depth along the line of sight.
  Vec3 to_camera(Vec3 world) const { return turned(world - position); }
  /// The same of a direction or a way.
  Vec3 turned(Vec3 d) const { return {dot(d, axes.right), dot(d, axes.up), -dot(d, axes.back)}; }

  ImagePoint project(Vec3 in_camera) const {
    const double scale = focal_px / in_camera.z;
    return {0.5 * width + in_camera.x * scale, 0.5 * height - in_camera.y * scale};
  }
};

}  // namespace pluvia::synth
