// SPDX-License-Identifier: Apache-2.0
#include "synth/renderer.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/error.h"
#include "synth/effects/glass_draw.h"
#include "synth/effects/light_pyramid.h"
#include "synth/effects/streak_splat.h"
#include "synth/effects/veil.h"

namespace pluvia::synth {
namespace {

constexpr double kReferenceWidthPx = 1280;

void check_camera(const SceneFrame& frame) {
  const CameraState& camera = frame.camera;
  const auto& q = camera.orientation;
  const double turn = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  const double reach = length(to_vec3(camera.position_m));
  const double speed = length(to_vec3(camera.velocity_m_s));
  // Written so that NaN, which compares false with everything, is refused as well.
  if (!(std::abs(frame.time_s) < 1e7) || !(reach < 1e8) || !(speed < 1e3) ||
      !(std::abs(turn - 1) < 1e-3)) {
    fail("rendering rain at ", frame.time_s, " s: the camera is ", reach,
         " m from the origin at a speed of ", speed, " m/s, its orientation's norm is ", turn,
         "; expected within 1e7 s, 1e8 m, 1000 m/s and a unit quaternion");
  }
  const double in_widths = camera.focal_px / frame.clean.width();
  if (camera.focal_px != 0 && !(in_widths > 0.05 && in_widths < 50)) {
    fail("rendering rain at ", frame.time_s, " s: the focal length is ", camera.focal_px,
         " px for a frame ", frame.clean.width(),
         " px wide; expected 0.05 to 50 widths, or 0 for a view of 53 degrees");
  }
}

void check(const SceneFrame& frame) {
  const Image<std::uint8_t>& clean = frame.clean;
  if (clean.height() < 1 || clean.width() < 1 || clean.channels() != 3) {
    fail("rendering rain at ", frame.time_s, " s: the frame is ", clean.width(), "x",
         clean.height(), " with ", clean.channels(), " channels; expected RGB of at least 1x1");
  }
  const Image<float>& depth = frame.depth_m;
  if (!depth.empty() && (depth.height() != clean.height() || depth.width() != clean.width() ||
                         depth.channels() != 1)) {
    fail("rendering rain at ", frame.time_s, " s: the depth map is ", depth.width(), "x",
         depth.height(), " with ", depth.channels(), " channels; expected ", clean.width(), "x",
         clean.height(), " with 1, as the frame");
  }
  check_camera(frame);
}

/// Depths that mean nothing (NaN, zero, negative) count as far away.
Image<float> depth_for(const SceneFrame& frame, const Camera& camera) {
  if (frame.depth_m.empty()) {
    return assumed_depth(camera.height, camera.width, camera.focal_px);
  }
  Image<float> depth = frame.depth_m.clone();
  for (float& z : depth.pixels()) {
    if (!(z > 0)) z = INFINITY;
  }
  return depth;
}

}  // namespace

RainRenderer::RainRenderer(const RainParams& params, std::uint64_t seed, std::uint32_t clip)
    : params_(params), key_{seed, clip}, pane_(params.glass, key_) {}

LayerSet RainRenderer::layers() const {
  LayerSet set{Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop};
  if (params_.physical) set.add(Layer::kStreakRgb);
  return set;
}

RainField RainRenderer::field_for(const Camera& camera) const {
  RainField field = params_.rain;
  field.min_width_px *= camera.width / kReferenceWidthPx;
  return field;
}

bool RainRenderer::draws_streaks() const {
  return params_.streaks && params_.rain.rate_mm_h > 0;
}

GlassDrops RainRenderer::drops_at(const Camera& camera, double time_s) const {
  return pane_.at(camera, params_.drops_still ? 0 : time_s);
}

FrameLayers RainRenderer::render(const SceneFrame& frame) const {
  check(frame);
  const Camera camera = Camera::of(frame.camera, frame.clean.height(), frame.clean.width());
  return params_.physical ? render_physical(frame, camera) : render_vrds(frame, camera);
}

FrameLayers RainRenderer::render_vrds(const SceneFrame& frame, const Camera& camera) const {
  VrdsScene scene{frame.clean.view(), nullptr, nullptr, params_.tone};
  StreakPlanes streaks;
  if (draws_streaks()) {
    const std::vector<Streak> list =
        streaks_of(field_for(camera), key_, camera, params_.lens, frame.time_s);
    streaks = splat(list, camera.height, camera.width, depth_for(frame, camera).view());
    scene.streaks = &streaks;
  }
  std::vector<GlassPlane> planes;
  const GlassDrops drops = drops_at(camera, frame.time_s);
  if (!drops.lobes.empty()) {
    const LightPyramid pyramid(to_light(frame.clean.view()), params_.sky_gain);
    const auto blur =
        static_cast<float>(params_.lens.blur_px(params_.glass.distance_m, camera.focal_px));
    const LightPyramid* const scenes[] = {&pyramid};
    planes = draw_glass(drops.lobes, {camera.focal_px, blur}, scenes);
    scene.glass = &planes[0];
  }
  return compose_vrds(scene);
}

FrameLayers RainRenderer::render_physical(const SceneFrame& frame, const Camera& camera) const {
  const RainField field = field_for(camera);
  const Image<float> depth = depth_for(frame, camera);
  Image<float> veiled = to_light(frame.clean.view());
  if (field.rate_mm_h > 0 || params_.mist_per_km > 0) {
    const LightPyramid clean(veiled.clone(), 1);
    const Veil veil(DropSizes(field.rate_mm_h, field.gamma_mu),
                    {params_.q_ext, params_.mist_per_km, field.min_width_px, camera.focal_px});
    add_veil(veiled.view(), depth.view(), veil, airlight(clean));
  }
  const LightPyramid around(veiled.clone(), params_.sky_gain);
  Image<float> streaked;
  if (draws_streaks()) {
    const std::vector<Streak> list = streaks_of(field, key_, camera, params_.lens, frame.time_s);
    const StreakPlanes planes = splat(list, camera.height, camera.width, depth.view());
    streaked = add_streaks(veiled.view(), planes, params_.tone.gain, around);
  } else {
    streaked = veiled.clone();
  }
  PhysicalScene scene{frame.clean.view(), veiled.view(), streaked.view(), nullptr, nullptr, {}};
  std::vector<GlassPlane> glass;
  const GlassDrops drops = drops_at(camera, frame.time_s);
  if (!drops.lobes.empty()) {
    const LightPyramid around_streaked(streaked.clone(), params_.sky_gain);
    const auto blur =
        static_cast<float>(params_.lens.blur_px(params_.glass.distance_m, camera.focal_px));
    const LightPyramid* const scenes[] = {&around, &around_streaked};
    glass = draw_glass(drops.lobes, {camera.focal_px, blur}, scenes);
    scene.glass = &glass[0];
    scene.glass_streaked = &glass[1];
  }
  // The frame's number is not known here; its time is, and tells frames apart as well.
  const auto time_bits = std::bit_cast<std::uint64_t>(frame.time_s);
  scene.noise = {params_.noise_shot, params_.noise_read, key_.seed, key_.clip,
                 static_cast<std::uint32_t>(time_bits ^ (time_bits >> 32))};
  return compose_physical(scene);
}

FrameRow RainRenderer::row(const SceneFrame& frame) const {
  check(frame);
  const Camera camera = Camera::of(frame.camera, frame.clean.height(), frame.clean.width());
  FrameRow row;
  row.time_s = frame.time_s;
  row.exposure_s = static_cast<float>(params_.lens.exposure_s);
  for (std::size_t i = 0; i < 3; ++i) {
    row.position_m[i] = static_cast<float>(frame.camera.position_m[i]);
  }
  for (std::size_t i = 0; i < 4; ++i) {
    row.orientation[i] = static_cast<float>(frame.camera.orientation[i]);
  }
  row.focal_px = static_cast<float>(camera.focal_px);
  row.speed_m_s = static_cast<float>(length(camera.velocity));
  row.rain_mm_h = static_cast<float>(params_.rain.rate_mm_h);
  const Vec3 wind = wind_at(params_.rain, key_, frame.time_s);
  row.wind_m_s = {static_cast<float>(wind.x), static_cast<float>(wind.y),
                  static_cast<float>(wind.z)};
  row.drops_on_glass = drops_at(camera, frame.time_s).count;
  return row;
}

}  // namespace pluvia::synth
