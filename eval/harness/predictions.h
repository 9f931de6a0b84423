// SPDX-License-Identifier: Apache-2.0
// Where a clip's predictions come from, as 8-bit frames in order, whatever the kind of method.
#pragma once

#include <functional>

#include "eval/harness/clip_data.h"
#include "eval/harness/eval_request.h"
#include "eval/protocol/protocol.h"

namespace pluvia {

using TakePrediction = std::function<void(int t, Image<std::uint8_t> frame)>;

/// Calls `take` for every frame of the clip, in order; returns the seconds the method itself took.
/// `inference`: the protocol's windows, tiles and rounding, or null.
double predict_clip(const MethodChoice& method, const ClipFrames& frames, const ScoredClip& clip,
                    const Inference* inference, const TakePrediction& take);

/// Every picture that folder:DIR should hold for these clips is there, readable and of the right
/// size, and nothing else is. An Error names everything that is wrong at once.
void check_folder(const MethodChoice& method, const std::vector<ScoredClip>& clips);

}  // namespace pluvia
