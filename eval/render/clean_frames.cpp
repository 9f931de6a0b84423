// SPDX-License-Identifier: Apache-2.0
#include "eval/render/clean_frames.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"
#include "eval/render/fit_frame.h"
#include "synth/footage_camera.h"
#include "synth/scenes/scenes.h"

namespace pluvia {

CleanFrames::CleanFrames(const PlannedRender& clip, const RenderRequest& request) {
  const synth::Recipe& recipe = request.recipe;
  fps_ = recipe.fps;
  height_ = recipe.height;
  width_ = recipe.width;
  if (!clip.path.empty()) {
    open_footage(clip, request);
    return;
  }
  const synth::SceneInfo info = {recipe.frames, recipe.height, recipe.width, recipe.fps};
  const std::uint64_t seed = recipe.seed * 1000003 + static_cast<std::uint64_t>(clip.number);
  scene_ = synth::scenes::find_scene(clip.scene).make({seed, info});
}

void CleanFrames::open_footage(const PlannedRender& clip, const RenderRequest& request) {
  footage_ = open_frames(clip.path, ColorWanted::kRgb);
  const SourceInfo& info = footage_->info();
  if (info.fps > 0) fps_ = info.fps;
  if (!request.size_given) {
    height_ = info.height;
    width_ = info.width;
  }
  camera_ = request.recipe.camera_of(static_cast<std::uint32_t>(clip.number));
  if (!request.depth.empty()) {
    depth_.emplace(request.depth, clip.path.stem().string(), request.sources.size() == 1);
  }
  first_frame_ = clip.first_frame;
  Image<std::uint8_t> passed;
  for (int t = 0; t < first_frame_; ++t) {
    if (!footage_->next(passed)) {
      fail("it has ", counted(t, "frame"), ", this clip starts at frame ", first_frame_,
           "; ask for fewer --clips or --frames");
    }
  }
}

double CleanFrames::speed_m_s() const {
  return scene_ ? scene_->speed_m_s() : camera_->number("speed_m_s");
}

std::string CleanFrames::camera_json() const { return camera_ ? camera_->to_json().dump() : "{}"; }

std::string CleanFrames::frame_name(int t) const {
  if (footage_) return footage_->frame_name();
  char text[24];
  std::snprintf(text, sizeof text, "%08d", t);
  return text;
}

bool CleanFrames::next(int t, synth::SceneFrame& frame) {
  if (!scene_) return next_of_footage(t, frame);
  frame = scene_->frame(t);
  return true;
}

/// Even where the rate is: time stamps are often rounded. Where a video says that its rate varies,
/// its own steps count.
double CleanFrames::time_of_footage(int t) {
  const double own_s = footage_->frame_time_s();
  const bool varies = t > 0 && footage_->info().notes.count("frame_rate") > 0;
  time_s_ = varies ? time_s_ + std::max(0.0, own_s - own_time_s_) : t / fps_;
  own_time_s_ = own_s;
  return time_s_;
}

bool CleanFrames::next_of_footage(int t, synth::SceneFrame& frame) {
  frame = {};
  if (!footage_->next(frame.clean)) return false;
  if (depth_) {
    frame.depth_m = depth_->read(footage_->frame_name(), first_frame_ + t, frame.clean.height(),
                                 frame.clean.width());
  }
  if (frame.clean.height() != height_ || frame.clean.width() != width_) {
    if (depth_) {
      fail("--size with --depth: bring footage and depth maps to ", width_, "x", height_,
           " beforehand");
    }
    frame.clean = fit_frame(frame.clean.view(), height_, width_);
  }
  frame.time_s = time_of_footage(t);
  frame.camera = synth::footage_camera(*camera_, frame.time_s, width_);
  return true;
}

}  // namespace pluvia
