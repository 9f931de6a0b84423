// SPDX-License-Identifier: Apache-2.0
// Where a clip's predictions come from, as 8-bit frames in order, whatever the kind of method.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "eval/harness/claimed_layers.h"
#include "eval/harness/clip_data.h"
#include "eval/harness/eval_request.h"
#include "eval/protocol/protocol.h"

namespace pluvia {

struct Prediction {
  Image<std::uint8_t> clean;
  std::vector<Image<std::uint8_t>> layers;  ///< those that are scored, in their order
};

using TakePrediction = std::function<void(int t, const Prediction& prediction)>;

/// What a prediction is asked for.
struct PredictionPlan {
  const Inference* inference = nullptr;  ///< the protocol's windows, tiles and rounding, or null
  const ClaimedLayers& layers;
  bool apart = false;  ///< the clip is a stack of pictures that have nothing to do with each other
};

/// Calls `take` for every frame of the clip, in order; returns the seconds the method itself took.
double predict_clip(const MethodChoice& method, const ClipFrames& frames, const ScoredClip& clip,
                    const PredictionPlan& plan, const TakePrediction& take);

struct CheckedFolder {
  std::string sha256;                        ///< over the files' names and bytes
  std::map<std::string, std::string> clips;  ///< the same of each clip
  std::vector<std::string> losses;           ///< what reading loses of them, a line a picture
  std::vector<std::string> strangers;        ///< entries that are no clip of the set
};

/// Every picture that folder:DIR should hold for these clips and layers is there, readable and of
/// the right size, and nothing else is. An Error names everything that is wrong at once. Of other
/// methods nothing is checked or known.
CheckedFolder check_folder(const MethodChoice& method, const SetInfo& set,
                           const std::vector<ScoredClip>& clips, const ClaimedLayers& layers);

}  // namespace pluvia
