// SPDX-License-Identifier: Apache-2.0
// The frames of one planned clip, one after the other: pictures are decoded where the caller likes
// (any thread, any order), videos in step.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/clip.h"
#include "datasets/layouts/plan.h"
#include "datasets/media/frame_source.h"

namespace pluvia {

/// One frame on its way from decoder to writer.
struct FedFrame {
  FrameLayers layers;
  FrameRow row;
  std::map<std::string, std::string> notes;  ///< "lq.bit_depth": what its reader assumed or changed
};

class FrameFeed {
 public:
  explicit FrameFeed(const PlannedClip& clip);

  /// Frame `t` of the layers that are videos; must be called for t = 0, 1, 2, ...
  FedFrame begin(int t);
  /// Adds frame `t` of the layers that are pictures. Safe from many threads.
  void complete(int t, FedFrame& frame) const;
  /// An Error when a video goes on after the last frame.
  void require_end();

 private:
  void add_video_frame(int t, Layer layer, FrameSource& source, FedFrame& frame);
  void store(Layer layer, const Image<std::uint8_t>& image, FedFrame& frame, Piece piece) const;

  const PlannedClip& clip_;
  std::map<Layer, std::unique_ptr<FrameSource>> videos_;
};

/// Number of frames by decoding all of them, for videos that do not say.
int count_frames(const fs::path& video);

}  // namespace pluvia
