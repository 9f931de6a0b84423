// SPDX-License-Identifier: Apache-2.0
// Flicker: how the mean residual (prediction - reference, in the protocol's colour, best a luma)
// of a frame changes over a clip. A constant error is no flicker.
#include "eval/metrics/clip_statistics.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

class Flicker : public ClipScorer {
 public:
  explicit Flicker(const Params& params) : statistic_(params.text("statistic")) {}

  void add(const MetricInput& frame) override {
    check_metric_input(frame);
    refuse_holes(frame, "flicker");
    const auto sums = label_sums(frame.reference, frame.prediction, {}, 1,
                                 [](double a, double b) { return b - a; });
    residuals_.push_back(mean_of(sums.front()));
  }
  double score() const override { return clip_statistic(residuals_, statistic_); }

 private:
  std::string statistic_;
  std::vector<double> residuals_;
};

std::unique_ptr<ClipScorer> make(const Params& params) { return std::make_unique<Flicker>(params); }

}  // namespace

Metric metric_flicker() {
  Metric metric{"flicker", "",    "change of the mean residual over a clip",
                0,         false, kStatisticParam};
  metric.clips = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
