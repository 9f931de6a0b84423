// SPDX-License-Identifier: Apache-2.0
// Mean absolute error in code values: the mean over counted pixels and channels of |a - b|.
#include <cmath>
#include <limits>

#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

double score(const MetricInput& input) {
  check_metric_input(input);
  const int channels = input.reference.channels();
  double sum = 0;
  std::int64_t counted = 0;
  for (int y = 0; y < input.reference.height(); ++y) {
    const auto a = input.reference.row(y);
    const auto b = input.prediction.row(y);
    for (std::size_t i = 0; i < a.size(); ++i) {
      const int x = static_cast<int>(i) / channels;
      if (!input.mask.empty() && input.mask.at(y, x) == 0) continue;
      sum += std::abs(a[i] - b[i]);
      ++counted;
    }
  }
  return counted == 0 ? std::numeric_limits<double>::quiet_NaN()
                      : sum / static_cast<double>(counted);
}

}  // namespace

Metric metric_mae() { return {"mae", "", "mean absolute error, code values", 0, false, &score}; }

}  // namespace pluvia
