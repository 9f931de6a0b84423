// SPDX-License-Identifier: Apache-2.0
// Results of scoring as JSON and as text, and conditions on them ("psnr>=30").
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "eval/protocol/score_media.h"

namespace pluvia {

/// {"protocol", "protocol_sha256", "frames", "identical_frames", "mean", "clips", "items"}.
/// Infinite scores are the text "inf", undefined ones null.
Json result_json(const ProtocolScorer& scorer, const ScoredMedia& scored, std::size_t protocol);
/// {"name", "title", "definition", "sha256", "used_by", "note"}
Json protocol_json(const Protocol& protocol);

/// A table of frames (the first and last ones of many) and the means.
std::string result_text(const ProtocolScorer& scorer, const ScoredMedia& scored);
/// One line per protocol: the means side by side.
std::string comparison_text(const std::vector<ProtocolScorer>& scorers, const ScoredMedia& scored);
std::string protocols_text(const std::vector<Protocol>& protocols);

/// Digits of a score for people: four of decibels, six of pure numbers; "inf", "n/a".
std::string score_text(double value, const std::string& key);

struct Requirement {
  std::string key;
  std::string sign;  ///< >=, <=, >, <
  double bound = 0;

  bool met_by(double value) const;
  std::string text() const;
};
/// An Error of usage when it is not KEY, a sign and a number.
Requirement parse_requirement(const std::string& text);
/// An Error of usage for a key that is not among the means.
void check_requirement_keys(const std::vector<Requirement>& requirements, const Means& means);
/// An Error of kind kCheck that names all that are not met.
void check_requirements(const std::vector<Requirement>& requirements, const Means& means);

}  // namespace pluvia
