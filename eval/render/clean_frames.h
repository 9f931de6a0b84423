// SPDX-License-Identifier: Apache-2.0
// The clean frames of one planned clip, with camera and, where it is known, depth: from a built-in
// scene, of which any frame can be had alone, or from the user's footage, one after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "datasets/media/frame_source.h"
#include "eval/render/depth_maps.h"
#include "eval/render/plan.h"
#include "synth/scene.h"

namespace pluvia {

class CleanFrames {
 public:
  CleanFrames(const PlannedRender& clip, const RenderRequest& request);

  double fps() const { return fps_; }
  int height() const { return height_; }
  int width() const { return width_; }
  /// Of the camera, over the clip.
  double speed_m_s() const;
  /// What a video reader assumed. Grows while frames are read.
  MediaNotes notes() const { return footage_ ? footage_->info().notes : MediaNotes{}; }
  /// "{}" for built-in scenes, whose cameras stand in every frame's row.
  std::string camera_json() const;

  /// Null for footage.
  const synth::Scene* scene() const { return scene_.get(); }
  /// Frame t; frames are asked for in order. False when the footage has ended.
  bool next(int t, synth::SceneFrame& frame);
  /// Of the frame that `next` gave last, which was frame t.
  std::string frame_name(int t) const;

 private:
  void open_footage(const PlannedRender& clip, const RenderRequest& request);
  bool next_of_footage(int t, synth::SceneFrame& frame);
  double time_of_footage(int t);

  std::unique_ptr<synth::Scene> scene_;
  std::unique_ptr<FrameSource> footage_;
  std::optional<DepthMaps> depth_;
  std::optional<Params> camera_;
  int first_frame_ = 0;
  double time_s_ = 0;      ///< of the footage's last frame, from the clip's start
  double own_time_s_ = 0;  ///< and by its own stamp
  double fps_ = 25;
  int height_ = 0;
  int width_ = 0;
};

}  // namespace pluvia
