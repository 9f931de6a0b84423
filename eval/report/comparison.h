// SPDX-License-Identifier: Apache-2.0
// Runs side by side: which belong together, how sure each mean is, which differences are real.
//
// Runs of the same label are one method trained with several seeds: their mean is shown, and units
// (clips, or unrelated pictures) and seeds are both resampled for its interval. All comparisons of
// one report with its reference method, in every metric of whole frames, are corrected together
// (Holm).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "eval/report/run_record.h"

namespace pluvia {

/// Of one metric to the reference method's; better is positive.
struct Difference {
  double delta = 0;                                   ///< of the printed means
  std::optional<std::pair<double, double>> interval;  ///< 95 %
  bool tested = true;      ///< false: of a region, a difference without tests, what follows is idle
  double p = 1;            ///< sign flips
  double p_corrected = 1;  ///< after Holm
  double p_wilcoxon = 1;
  double p_wilcoxon_corrected = 1;
  double dz = 0;  ///< infinite where all units gain the same; NaN where it is undefined
};

/// One row of the table.
struct ComparedMethod {
  std::string label;
  bool sees_truth = false;
  std::vector<const RunRecord*> runs;  ///< one per seed, of each set
  std::size_t seeds = 0;               ///< of a set, at most
  std::map<std::string, double> mean;
  std::map<std::string, std::pair<double, double>> interval;  ///< 95 %, finite ones only
  std::vector<RunClip> clips;                                 ///< means over seeds
  double seconds_per_frame = 0;
  std::map<std::string, Difference> against;  ///< by column of the clean frame, where it is known

  /// Whether it predicts more than the clean frame, and that was scored.
  bool claims_layers() const;
};

struct Comparison {
  std::vector<ScoreColumn> columns;  ///< of any method; another's number is then undefined
  std::vector<ComparedMethod> methods;
  std::optional<std::size_t> reference;  ///< what `against` compares with
  std::vector<std::string> origins;      ///< what was scored on what by what, a line a data set
  std::string unit;                      ///< "clip" or "picture": what is resampled and paired
  std::size_t units = 0;
};

/// An Error when records were scored by different protocols or on different data. `against` is a
/// label, or empty: the first method that does not see the truth.
Comparison compare_runs(const std::vector<RunRecord>& runs, const std::string& against);

}  // namespace pluvia
