// SPDX-License-Identifier: Apache-2.0
// How much the PSNR (peak 255, one MSE over the channels) varies over the frames of a clip: a mean
// hides bad frames. Frames equal to their reference have no finite PSNR and are left out; where
// all are equal nothing varies: 0 (and infinity for min and p5).
#include <cmath>
#include <limits>

#include "eval/metrics/clip_statistics.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

/// Not how much it varies but how low it gets.
bool is_level(const std::string& statistic) { return statistic == "min" || statistic == "p5"; }

class PsnrVariation : public ClipScorer {
 public:
  explicit PsnrVariation(const Params& params) : statistic_(params.text("statistic")) {}

  void add(const MetricInput& frame) override {
    check_metric_input(frame);
    refuse_holes(frame, "psnr_variation");
    ++frames_;
    const auto sums = label_sums(frame.reference, frame.prediction, {}, 1,
                                 [](double a, double b) { return (a - b) * (a - b); });
    const double mse = mean_of(sums.front());
    if (mse > 0) finite_.push_back(10 * std::log10(255.0 * 255.0 / mse));
  }
  double score() const override {
    if (frames_ > 1 && finite_.empty()) {
      return is_level(statistic_) ? std::numeric_limits<double>::infinity() : 0;
    }
    return clip_statistic(finite_, statistic_);
  }

 private:
  std::string statistic_;
  int frames_ = 0;
  std::vector<double> finite_;
};

bool higher_is_better_with(const Params& params) { return is_level(params.text("statistic")); }

std::unique_ptr<ClipScorer> make(const Params& params) {
  return std::make_unique<PsnrVariation>(params);
}

}  // namespace

Metric metric_psnr_variation() {
  Metric metric{"psnr_variation", "dB", "change of the PSNR over a clip", 0, false,
                kStatisticParam};
  metric.clips = &make;
  metric.takes_masks = false;
  metric.higher_is_better_with = &higher_is_better_with;
  return metric;
}

}  // namespace pluvia
