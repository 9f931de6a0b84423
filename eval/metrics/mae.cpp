// SPDX-License-Identifier: Apache-2.0
// Mean absolute error in code values: the mean over counted pixels and channels of |a - b|.
#include <cmath>
#include <limits>

#include "eval/metrics/label_sums.h"
#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

class Mae : public FrameScorer {
 public:
  double score(const MetricInput& input) const override {
    return mean_of(masked_sum(*this, input));
  }

  std::vector<MetricSum> sums(const MetricInput& input, ImageView<const std::uint8_t> labels,
                              int count) const override {
    check_metric_input(input);
    return label_sums(input.reference, input.prediction, labels, count,
                      [](double a, double b) { return std::abs(a - b); });
  }
};

std::unique_ptr<FrameScorer> make(const Params& /*params*/) { return std::make_unique<Mae>(); }

}  // namespace

Metric metric_mae() {
  Metric metric{"mae", "", "mean absolute error, code values", 0, false, {}};
  metric.frames = &make;
  return metric;
}

}  // namespace pluvia
