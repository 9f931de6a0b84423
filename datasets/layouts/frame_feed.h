// SPDX-License-Identifier: Apache-2.0
// The frames of one planned clip, one after the other: pictures are decoded where the caller likes
// (any thread, any order), videos in step.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/clip.h"
#include "datasets/layouts/plan.h"
#include "datasets/media/frame_source.h"

namespace pluvia {

/// One frame on its way from decoder to writer.
struct FedFrame {
  FrameLayers layers;
  FrameRow row;
  /// "lq.bit_depth": what the readers of its pictures assumed or changed.
  std::map<std::string, std::string> notes;
};

class FrameFeed {
 public:
  explicit FrameFeed(const PlannedClip& clip);

  /// Frame `t` of the layers that are videos; must be called for t = 0, 1, 2, ... Nothing after the
  /// last frame. Videos of which one ends earlier than another or than the pictures are an Error.
  std::optional<FedFrame> begin(int t);
  /// Adds frame `t` of the layers that are pictures. Safe from many threads.
  void complete(int t, FedFrame& frame) const;
  /// What the readers of the layers that are videos assumed, complete when `begin` gave nothing.
  std::map<std::string, std::string> video_notes() const;

 private:
  bool add_video_frame(Layer layer, FrameSource& source, FedFrame& frame) const;
  void store(Layer layer, const Image<std::uint8_t>& image, FedFrame& frame, Piece piece) const;

  const PlannedClip& clip_;
  std::map<Layer, std::unique_ptr<FrameSource>> videos_;
};

}  // namespace pluvia
