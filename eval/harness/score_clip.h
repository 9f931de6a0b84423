// SPDX-License-Identifier: Apache-2.0
// One clip through a method and a protocol.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "eval/harness/claimed_layers.h"
#include "eval/harness/clip_data.h"
#include "eval/harness/eval_request.h"
#include "eval/harness/score_cache.h"
#include "eval/protocol/score.h"

namespace pluvia {

/// What all clips of a run share.
struct EvalRun {
  const EvalRequest& request;
  const SetReader& set;
  const ProtocolScorer& scorer;
  const std::vector<std::string>& regions;
  const ClaimedLayers& layers;
  ScoreCache& cache;
  std::filesystem::path pictures;  ///< where exhibits are kept
};

/// A frame whose pictures were kept.
struct KeptFrame {
  std::string frame;
  std::string role;  ///< "worst" or "sample"
  double score = 0;
};

struct ClipResult {
  ClipScores scores;
  LayerTallies layers;  ///< of the layers that are scored
  std::vector<KeptFrame> kept;
  std::string predictions;  ///< hash over the frames' bytes as they were scored
  double method_s = 0;      ///< time of the method alone
};

/// `done` hears of every frame. Exhibits are <pictures>/<clip>_<frame>_{rainy,prediction,truth}.png
/// and, of layers, ..._{mask,mask_truth}.png.
ClipResult score_clip(const EvalRun& run, const ScoredClip& clip,
                      const std::function<void()>& done);

}  // namespace pluvia
