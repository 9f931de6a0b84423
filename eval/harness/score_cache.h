// SPDX-License-Identifier: Apache-2.0
// Scores of frames that were computed before, by content: the key is a hash over everything that
// decides them (the prediction's bytes, and what the set's index says of truth and of the layers
// that regions are made from). One file a protocol in the user's cache, a line an entry, appended;
// a damaged line is passed over.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "eval/protocol/score.h"

namespace pluvia {

/// As journals and the cache keep them: [[sum, count], ...].
Json sums_json(const std::vector<MetricSum>& sums);
std::vector<MetricSum> sums_of(const Json& json);

class ScoreCache {
 public:
  /// In `folder`; empty: nothing is kept. `scoring`: a hash of all that turns equal pictures into
  /// equal scores (protocol, models a metric reads, this program's arithmetic).
  ScoreCache(const std::filesystem::path& folder, const std::string& scoring);

  /// Nothing when there is none, or one that does not hold `metrics` scores with `regions` each.
  std::optional<FrameScores> find(const std::string& key, std::size_t metrics,
                                  std::size_t regions) const;
  void add(const std::string& key, const FrameScores& scores);
  /// Appends what is new to the file. Failing to write is no error: it is a cache.
  void flush();

 private:
  std::filesystem::path file_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string> known_;  ///< key to the entry's JSON
  std::string unwritten_;
};

/// $PLUVIA_CACHE or ~/.cache/pluvia, and in it "scores".
std::filesystem::path score_cache_folder();

}  // namespace pluvia
