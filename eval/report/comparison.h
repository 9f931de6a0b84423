// SPDX-License-Identifier: Apache-2.0
// Runs side by side: which belong together, how sure each mean is, which differences are real.
//
// Runs of the same label are one method trained with several seeds: their mean is shown, and clips
// and seeds are both resampled for its interval. All comparisons of one report with its reference
// method are corrected together (Holm).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eval/report/run_record.h"

namespace pluvia {

struct Difference {
  double mean_difference = 0;  ///< of the first metric, over clips; better is positive
  double p = 1;                ///< sign flips, after Holm
  double p_wilcoxon = 1;       ///< after Holm
  double dz = 0;
};

/// One row of the table.
struct ComparedMethod {
  std::string label;
  bool sees_truth = false;
  std::vector<const RunRecord*> runs;  ///< one per seed
  std::map<std::string, double> mean;
  std::map<std::string, std::pair<double, double>> interval;  ///< 95 %, finite ones only
  std::vector<RunClip> clips;                                 ///< means over seeds
  double seconds_per_frame = 0;
  std::optional<Difference> against;

  /// Whether it predicts more than the clean frame, and that was scored.
  bool claims_layers() const;
};

struct Comparison {
  std::vector<ScoreColumn> columns;  ///< of any method; another's number is then undefined
  std::vector<ComparedMethod> methods;
  std::optional<std::size_t> reference;  ///< what `against` compares with
};

/// An Error when records were scored by different protocols or on different data. `against` is a
/// label, or empty: the first method that does not see the truth.
Comparison compare_runs(const std::vector<RunRecord>& runs, const std::string& against);

}  // namespace pluvia
