// SPDX-License-Identifier: Apache-2.0
#include "synth/renderer.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/parallel.h"
#include "synth/frame_work.h"

namespace pluvia::synth {
namespace {

constexpr double kReferenceWidthPx = 1280;
constexpr int kTallestFrame = 4;  ///< heights in widths for which widths count

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

RainField field_for(const RainParams& params, const Camera& camera) {
  RainField field = params.rain;
  // A sliver sees almost from the zenith to its feet: by its width alone it would show millions.
  const int across = std::max(camera.width, camera.height / kTallestFrame);
  field.min_width_px *= across / kReferenceWidthPx;
  return field;
}

}  // namespace

RainRenderer::RainRenderer(const RainParams& params, std::uint64_t seed, std::uint32_t clip,
                           const Device& device)
    : params_(params),
      key_{seed, clip},
      pane_(params.glass, key_),
      works_(std::make_shared<FrameWorks>(device)) {}

LayerSet RainRenderer::layers() const {
  LayerSet set{Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop};
  if (params_.physical) set.add(Layer::kStreakRgb);
  return set;
}

FrameLayers RainRenderer::render(const SceneFrame& frame) const {
  FrameLayers out;
  render_into(frame, layers(), out);
  return out;
}

GlassDrops RainRenderer::drops_at(const Camera& camera, double time_s) const {
  return pane_.at(camera, params_.drops_still ? 0 : time_s);
}

void RainRenderer::render_into(const SceneFrame& frame, const LayerSet& wanted,
                               FrameLayers& out) const {
  check(frame);
  const Camera camera = Camera::of(frame.camera, frame.clean.height(), frame.clean.width());
  const RainField field = field_for(params_, camera);
  const std::shared_ptr<const Medium> medium =
      works_->medium(params_, key_, field, camera.focal_px);
  std::unique_ptr<FrameWork> work = works_->take();
  FrameOrder order{params_, key_, frame, camera, *medium, field, {}};
  GlassDrops drops;
  // Drops on the pane live from step to step, on one thread; streaks are found meanwhile. Streaks
  // come first, because this thread begins with them: the loops within are then helped by the
  // other, which is soon done, where this one would wait.
  parallel_for(2, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t part = begin; part < end; ++part) {
      if (part == 0) work->find_streaks(order);
      if (part == 1) drops = drops_at(camera, frame.time_s);
    }
  });
  order.lobes = drops.lobes;
  work->render(order, params_.physical && wanted.has(Layer::kStreakRgb), out);
  works_->give_back(std::move(work));
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
