// SPDX-License-Identifier: Apache-2.0
// What the rain falls through: clean frames with the camera that took them, and, where it is known,
// the distance of every pixel. Built-in scenes, videos and frame folders all come as a Scene.
//
// World: right-handed, metres; x right, y up, z towards the viewer of a map, so that a camera with
// the identity orientation looks along -z. Images: x right, y down, centre of the top left pixel at
// (0.5, 0.5), principal point at the centre of the frame.
#pragma once

#include <array>
#include <cstdint>

#include "core/image.h"

namespace pluvia::synth {

struct CameraState {
  std::array<double, 3> position_m{};
  std::array<double, 4> orientation{1, 0, 0, 0};  ///< quaternion w, x, y, z: camera to world
  std::array<double, 3> velocity_m_s{};           ///< in world coordinates
  double focal_px = 0;
};

struct SceneInfo {
  int frames = 0;
  int height = 0;
  int width = 0;
  double fps = 25;
};

struct SceneFrame {
  Image<std::uint8_t> clean;  ///< (H, W, 3) sRGB
  Image<float> depth_m;  ///< (H, W, 1) along the viewing ray's z; infinity for sky; may be empty
  Image<float> flow_px;  ///< (H, W, 2) to the next frame; may be empty
  CameraState camera;
  double time_s = 0;  ///< middle of the exposure
};

class Scene {
 public:
  virtual ~Scene() = default;
  virtual const SceneInfo& info() const = 0;
  /// Any frame alone, in any order, from any thread.
  virtual SceneFrame frame(int t) const = 0;
  /// Mean speed of its camera.
  virtual double speed_m_s() const = 0;
};

}  // namespace pluvia::synth
