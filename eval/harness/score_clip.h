// SPDX-License-Identifier: Apache-2.0
// One clip through a method and a protocol.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "eval/harness/claimed_layers.h"
#include "eval/harness/clip_data.h"
#include "eval/harness/eval_request.h"
#include "eval/harness/score_cache.h"
#include "eval/protocol/score.h"

namespace pluvia {

/// The scores of a run's worst frames so far. Clips that are scored at the same time share it.
class WorstScores {
 public:
  static constexpr std::size_t kCount = 4;

  explicit WorstScores(bool higher_is_better) : higher_is_better_(higher_is_better) {}
  bool is_worse(double score, double than) const {
    return higher_is_better_ ? score < than : score > than;
  }
  /// Whether it is among them, or as bad as one of them, and remembers it then. So the worst of all
  /// are taken whatever the order.
  bool take(double score);

 private:
  bool higher_is_better_;
  std::mutex mutex_;
  std::vector<double> scores_;  ///< the worst first
};

/// What all clips of a run share.
struct EvalRun {
  const EvalRequest& request;
  const SetReader& set;
  const ProtocolScorer& scorer;
  const std::vector<std::string>& regions;
  const ClaimedLayers& layers;
  const std::map<std::string, std::string>& files;  ///< hashes of clips' predictions, if known
  ScoreCache& cache;
  WorstScores& worst;
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

/// The file of an exhibit: `kind` is rainy, prediction, truth, or a layer's mask, mask_truth. Clips
/// and kinds have no "~" in their names: no two exhibits share a file.
std::string exhibit_name(const std::string& clip, const std::string& frame,
                         const std::string& kind);

/// `done` hears of every frame.
ClipResult score_clip(const EvalRun& run, const ScoredClip& clip,
                      const std::function<void()>& done);

}  // namespace pluvia
