// SPDX-License-Identifier: Apache-2.0
// Mean squared error of the change between neighbouring frames:
//   mean of ((p_t - p_{t-1}) - (r_t - r_{t-1}))^2 over pixels, channels and pairs of frames.
// Needs no motion; an error that stays where it is does not count.
#include <limits>

#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

class TemporalDifference : public ClipScorer {
 public:
  void add(const MetricInput& frame) override {
    check_metric_input(frame);
    refuse_holes(frame, "temporal_difference");
    size_.check(frame, "temporal_difference");
    Image<double> residual(frame.reference.height(), frame.reference.width(),
                           frame.reference.channels());
    for (int y = 0; y < residual.height(); ++y) {
      const auto a = frame.reference.row(y);
      const auto b = frame.prediction.row(y);
      const auto to = residual.view().row(y);
      for (std::size_t i = 0; i < a.size(); ++i) to[i] = b[i] - a[i];
    }
    if (!before_.empty()) {
      double sum = 0;
      for (std::size_t i = 0; i < residual.pixels().size(); ++i) {
        const double d = residual.pixels()[i] - before_.pixels()[i];
        sum += d * d;
      }
      sum_ += sum / static_cast<double>(residual.pixels().size());
      ++pairs_;
    }
    before_ = std::move(residual);
  }
  double score() const override {
    return pairs_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_ / pairs_;
  }

 private:
  OneSize size_;
  Image<double> before_;
  double sum_ = 0;
  int pairs_ = 0;
};

std::unique_ptr<ClipScorer> make(const Params& /*params*/) {
  return std::make_unique<TemporalDifference>();
}

}  // namespace

Metric metric_temporal_difference() {
  Metric metric{
      "temporal_difference", "", "squared error of the change between frames", 0, false, {}};
  metric.clips = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
