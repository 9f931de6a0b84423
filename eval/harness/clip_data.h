// SPDX-License-Identifier: Apache-2.0
// The clips of a set as scoring sees them: which are chosen, how their frames are called, and one
// frame's layers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/image.h"
#include "datasets/store/set_reader.h"
#include "eval/harness/eval_request.h"
#include "eval/metrics/regions.h"

namespace pluvia {

struct ScoredClip {
  std::string id;
  std::string split;
  int frames = 0;
  int height = 0;
  int width = 0;
  LayerSet layers;
  std::vector<std::string> frame_names;
  std::string content;  ///< hash over the layers that scoring reads, as the set's index states them
  bool content_known = true;  ///< the index states all of them
  std::string file_state;     ///< size and time of the file that it lies in
};

/// The clips that a request means, in order. An Error when there are none, a name is unknown, or a
/// clip lacks lq or gt.
std::vector<ScoredClip> choose_clips(const SetReader& set, const EvalRequest& request);

/// What regions every one of these clips can be scored in.
std::vector<std::string> regions_of(const std::vector<ScoredClip>& clips, bool wanted);

/// Hash of the chosen content: equal for equal clips, frames and bytes.
std::string data_sha256(const std::vector<ScoredClip>& clips);

/// One frame's pictures that scoring needs.
struct FrameData {
  Image<std::uint8_t> rainy;
  Image<std::uint8_t> truth;
  Image<std::uint8_t> mask;    ///< empty when the set has none
  Image<std::uint8_t> streak;  ///< likewise

  RegionSources sources() const { return {mask.view(), streak.view(), rainy.view(), truth.view()}; }
};

class ClipFrames {
 public:
  ClipFrames(const SetReader& set, const ScoredClip& clip)
      : clip_(clip), reader_(set.clip(clip.id)) {}

  FrameData read(int t) const;
  Image<std::uint8_t> read(Layer layer, int t) const;
  /// To the next frame, (H, W, 2); empty when the set has none.
  Image<float> read_flow(int t) const;

 private:
  const ScoredClip& clip_;
  std::unique_ptr<ClipReader> reader_;
};

}  // namespace pluvia
