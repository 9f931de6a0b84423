// SPDX-License-Identifier: Apache-2.0
// From scores to the run record (docs/records.md): also how one clip's result is written to the
// journal and read back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "eval/harness/score_clip.h"
#include "eval/report/run_record.h"

namespace pluvia {

/// By metric that another program computes: what it says of its version.
std::map<std::string, std::string> programs_of(const ProtocolScorer& scorer);

Json clip_result_json(const ClipResult& result);
ClipResult clip_result_of(const Json& json);

/// The columns of a record: metrics of frames, of clips, of regions, and of layers.
std::vector<ScoreColumn> columns_of(const ProtocolScorer& scorer,
                                    const std::vector<std::string>& regions,
                                    const ClaimedLayers& layers, SetUnit unit);

struct FinishedRun {
  const EvalRequest& request;
  const SetReader& set;
  const ProtocolScorer& scorer;
  const std::vector<std::string>& regions;
  const ClaimedLayers& layers;
  SetUnit unit;
  const std::vector<ScoredClip>& clips;
  const std::vector<ClipResult>& results;  ///< one per clip
  std::vector<RunPicture> pictures;
  std::string settings_sha256;           ///< of everything that decides the scores
  std::vector<std::string> losses = {};  ///< what reading lost of predicted pictures
  double wall_s = 0;
};

Json run_record_json(const FinishedRun& run, const Summary& summary);

}  // namespace pluvia
