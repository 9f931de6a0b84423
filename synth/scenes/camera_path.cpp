// SPDX-License-Identifier: Apache-2.0
// Camera paths and their quaternions.
#include "synth/scenes/camera_path.h"

#include "core/exact_math.h"
#include "synth/scenes/draw.h"

namespace pluvia::synth::scenes {
namespace {

constexpr double kTwoPi = 6.283185307179586476925;

Wave wave(Draw& draw, float amplitude, float low_hz, float high_hz) {
  const double a = amplitude * draw.range(0.5F, 1);
  const double f = draw.range(low_hz, high_hz);
  return {a, f, draw.range(0, 1)};
}

double sum(const std::array<Wave, 2>& waves, double time_s) {
  return waves[0].value(time_s) + waves[1].value(time_s);
}

struct Quaternion {
  double w, x, y, z;
};

Quaternion operator*(const Quaternion& a, const Quaternion& b) {
  return {
      a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z, a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
      a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x, a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w};
}

exact::SinCos half_angle(double radians) { return exact::sin_cos_turns(radians / (2 * kTwoPi)); }

}  // namespace

double Wave::value(double time_s) const {
  return amplitude * exact::sin_cos_turns(frequency_hz * time_s + phase_turns).sin;
}

double Wave::rate(double time_s) const {
  return amplitude * kTwoPi * frequency_hz *
         exact::sin_cos_turns(frequency_hz * time_s + phase_turns).cos;
}

CameraPath CameraPath::drive(std::uint64_t seed) {
  Draw draw(seed, Purpose::kCamera, 0);
  CameraPath path;
  path.x_m = draw.range(1.45F, 1.85F);
  path.height_m = draw.range(1.2F, 1.5F);
  path.speed_m_s = draw.range(4, 16);
  path.yaw_rad = draw.range(-0.03F, 0.03F);
  path.pitch_rad = draw.range(-0.01F, 0.05F);
  path.focal_widths = draw.range(0.72F, 1.0F);
  path.surge = wave(draw, static_cast<float>(path.speed_m_s) * 0.3F, 0.05F, 0.09F);
  path.across = {wave(draw, 0.12F, 0.05F, 0.12F), wave(draw, 0.015F, 0.6F, 1.1F)};
  path.bob = {wave(draw, 0.012F, 1.1F, 1.9F), wave(draw, 0.006F, 2.1F, 3.3F)};
  path.yaw = {wave(draw, 0.012F, 0.06F, 0.14F), wave(draw, 0.0015F, 0.7F, 1.5F)};
  path.pitch = {wave(draw, 0.002F, 0.8F, 1.4F), wave(draw, 0.0012F, 1.9F, 3.1F)};
  path.roll = wave(draw, 0.004F, 0.4F, 0.9F);
  return path;
}

CameraPath CameraPath::stand(std::uint64_t seed, double kerb_x_m) {
  Draw draw(seed, Purpose::kCamera, 1);
  CameraPath path;
  const bool walks = draw.chance(0.5F);
  const float side = draw.chance(0.5F) ? 1.0F : -1.0F;
  path.x_m = static_cast<double>(side) * (kerb_x_m + static_cast<double>(draw.range(1.15F, 1.4F)));
  path.height_m = draw.range(1.5F, 1.7F);
  path.speed_m_s = walks ? draw.range(0.8F, 1.4F) : 0;
  path.yaw_rad = side * draw.range(0.2F, 0.55F);
  path.pitch_rad = draw.range(0.02F, 0.1F);
  path.focal_widths = draw.range(0.72F, 1.05F);
  const float gait = walks ? 1.0F : 0.15F;
  path.surge = wave(draw, 0.02F * gait, 1.6F, 2.0F);
  path.across = {wave(draw, 0.03F * gait, 0.8F, 1.0F), wave(draw, 0.01F, 0.1F, 0.3F)};
  path.bob = {wave(draw, 0.022F * gait, 1.7F, 2.0F), wave(draw, 0.004F, 0.2F, 0.5F)};
  path.yaw = {wave(draw, 0.03F, 0.04F, 0.1F), wave(draw, 0.004F, 0.5F, 0.9F)};
  path.pitch = {wave(draw, 0.006F, 0.2F, 0.4F), wave(draw, 0.003F * gait, 1.7F, 2.0F)};
  path.roll = wave(draw, 0.006F, 0.3F, 0.7F);
  return path;
}

double CameraPath::forward_m(double time_s) const {
  return speed_m_s * time_s + surge.value(time_s);
}

CameraState CameraPath::at(double time_s, int width) const {
  CameraState camera;
  camera.position_m = {x_m + sum(across, time_s), height_m + sum(bob, time_s), -forward_m(time_s)};
  camera.velocity_m_s = {across[0].rate(time_s) + across[1].rate(time_s),
                         bob[0].rate(time_s) + bob[1].rate(time_s),
                         -speed_m_s - surge.rate(time_s)};
  const exact::SinCos y = half_angle(yaw_rad + sum(yaw, time_s));
  const exact::SinCos p = half_angle(pitch_rad + sum(pitch, time_s));
  const exact::SinCos r = half_angle(roll.value(time_s));
  const Quaternion q = Quaternion{y.cos, 0, y.sin, 0} * Quaternion{p.cos, p.sin, 0, 0} *
                       Quaternion{r.cos, 0, 0, r.sin};
  camera.orientation = {q.w, q.x, q.y, q.z};
  camera.focal_px = focal_widths * width;
  return camera;
}

View::View(const CameraState& camera, int height, int width)
    : focal_px(static_cast<float>(camera.focal_px)),
      inv_focal(1 / focal_px),
      centre_x(static_cast<float>(width) / 2),
      centre_y(static_cast<float>(height) / 2) {
  const auto [w, x, y, z] = camera.orientation;
  const auto street = [](double a, double b, double c) {
    return Vec{static_cast<float>(a), static_cast<float>(b), static_cast<float>(-c)};
  };
  position = street(camera.position_m[0], camera.position_m[1], camera.position_m[2]);
  right = street(1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y));
  up = street(2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x));
  forward = street(-2 * (x * z + w * y), -2 * (y * z - w * x), -(1 - 2 * (x * x + y * y)));
}

}  // namespace pluvia::synth::scenes
