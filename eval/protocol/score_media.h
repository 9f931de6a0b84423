// SPDX-License-Identifier: Apache-2.0
// Scoring of pictures, folders, videos and arrays on disk by one or several protocols.
#pragma once

#include <string>
#include <vector>

#include "eval/protocol/media_pairs.h"
#include "eval/protocol/score.h"

namespace pluvia {

struct ScoredMedia {
  std::vector<std::string> regions;
  std::vector<std::string> notes;  ///< what readers changed
  struct OfProtocol {
    std::vector<ClipScores> clips;
    std::string refusal;  ///< why this protocol cannot score these pictures, or empty
  };
  std::vector<OfProtocol> protocols;
};

/// Every frame is read once. An Error names everything that is missing, extra, of another size or
/// unreadable at once; `allow_missing` scores what is complete and turns the rest into notes.
/// With several protocols, one that cannot score these pictures is reported, not thrown.
ScoredMedia score_media(const PairPaths& paths, const std::vector<ProtocolScorer>& scorers,
                        bool allow_missing);

}  // namespace pluvia
