// SPDX-License-Identifier: Apache-2.0
// What a method claims to see beside the clean frame, and how well: which of its layers a run can
// score (eval/metrics/layer_scores.h), their columns and their means.
//
// A network claims the layers it predicts; folder:DIR claims those of which it has sub-folders,
// DIR/<clip>/mask/<frame>.png; a program (cmd:) claims none. A claim is scored where every clip of
// the run has that layer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/method.h"
#include "eval/harness/clip_data.h"
#include "eval/harness/eval_request.h"
#include "eval/metrics/layer_scores.h"
#include "eval/protocol/score.h"
#include "eval/report/run_record.h"

namespace pluvia {

struct ClaimedLayers {
  MethodInfo method;  ///< what a method of our own says of itself
  std::vector<const ScoredLayer*> scored;
  std::vector<std::pair<std::string, std::string>> left_out;  ///< a layer's name, and why

  /// "mask,drop"
  std::string names() const;
};

ClaimedLayers claimed_layers(const MethodChoice& method, const std::vector<ScoredClip>& clips);

/// Of one clip: [layer][frame].
using LayerTallies = std::vector<std::vector<LayerTally>>;

/// Adds each clip's scores, and their means over units, to a summary. Infinite ones follow the
/// protocol's rule, undefined ones never count. Unrelated pictures are never pooled.
void add_layer_means(const ClaimedLayers& layers, const std::vector<const LayerTallies*>& clips,
                     IdenticalRule rule, SetUnit unit, Summary& summary);

std::vector<ScoreColumn> layer_columns(const ClaimedLayers& layers, SetUnit unit);

}  // namespace pluvia
