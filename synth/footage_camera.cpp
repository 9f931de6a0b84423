// SPDX-License-Identifier: Apache-2.0
#include "synth/footage_camera.h"

#include "core/exact_math.h"

namespace pluvia::synth {
namespace {

constexpr auto kNumber = ParamKind::kNumber;

// clang-format off
constexpr Param kTable[] = {
    {"fov_deg", kNumber, "deg", "how wide the camera sees", "60", 5, 150},
    {"height_m", kNumber, "m", "camera over the road", "1.4", 0.1, 100},
    {"speed_m_s", kNumber, "m/s", "how fast it drives ahead", "0", 0, 70},
    {"pitch_deg", kNumber, "deg", "how far it looks up", "0", -60, 60},
};
// clang-format on

}  // namespace

std::span<const Param> footage_camera_table() { return kTable; }

CameraState footage_camera(const Params& params, double time_s, int width) {
  const double speed = params.number("speed_m_s");
  const exact::SinCos half = exact::sin_cos_turns(params.number("fov_deg") / 720);
  const exact::SinCos pitch = exact::sin_cos_turns(params.number("pitch_deg") / 720);
  CameraState camera;
  camera.position_m = {0, params.number("height_m"), -speed * time_s};
  camera.velocity_m_s = {0, 0, -speed};
  camera.orientation = {pitch.cos, pitch.sin, 0, 0};
  camera.focal_px = 0.5 * width * half.cos / half.sin;
  return camera;
}

}  // namespace pluvia::synth
