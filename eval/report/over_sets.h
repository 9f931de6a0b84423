// SPDX-License-Identifier: Apache-2.0
// Scores on several data sets side by side, as papers print them: methods by row, sets by group of
// columns, and last the mean of the sets' means, unweighted whatever their sizes ("all data sets"
// of Restormer's line, "average" of others).
#pragma once

#include <string>
#include <vector>

#include "eval/report/comparison.h"

namespace pluvia {

/// Runs on the same data.
struct SetRuns {
  /// The file's stem; where several have one, with its split and then its title.
  std::string name;
  std::vector<RunRecord> runs;
};

/// Sets in the order in which they first appear. An Error when two are called the same: more likely
/// than two sets are two selections of one.
std::vector<SetRuns> by_data(std::vector<RunRecord> runs);

struct SetComparison {
  std::string name;
  const Comparison* comparison;
};

/// The metrics of whole frames of every set, under keys SET/KEY, and their means over sets, under
/// "mean of sets/KEY", where all sets have the metric by the same protocol. A method that was not
/// scored on a set has no number there and no mean.
Comparison over_sets(const std::vector<SetComparison>& sets);

}  // namespace pluvia
