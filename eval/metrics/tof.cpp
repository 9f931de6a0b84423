// SPDX-License-Identifier: Apache-2.0
// tOF (Chu et al., "Learning Temporal Coherence via Self-Supervision for GAN-based Video
// Generation" (TecoGAN), 2020): mean length of the difference between the optical flow of the
// reference and that of the prediction, over pixels and pairs of neighbouring frames. Both flows
// are estimated (optical_flow.h): a flow that comes with the data says nothing of the prediction.
// TecoGAN cuts frames to the middle and leaves out the first and last two: a matter of its
// protocol.
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "eval/metrics/flow_memory.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/optical_flow.h"

namespace pluvia {
namespace {

double difference(const Image<float>& a, const Image<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels().size(); i += 2) {
    sum += std::hypot(double{a.pixels()[i]} - double{b.pixels()[i]},
                      double{a.pixels()[i + 1]} - double{b.pixels()[i + 1]});
  }
  return 2 * sum / static_cast<double>(a.pixels().size());
}

class Tof : public ClipScorer {
 public:
  void add(const MetricInput& frame) override {
    check_metric_input(frame);
    refuse_holes(frame, "tof");
    size_.check(frame, "tof");
    FlowMemory& flows = frame.flows == nullptr ? own_flows_ : *frame.flows;
    auto reference = flows.picture(flow_plane(frame.reference).view());
    auto prediction = flows.picture(flow_plane(frame.prediction).view());
    if (reference_ != nullptr) {
      sum_ += difference(*flows.flow(reference_, reference), *flows.flow(prediction_, prediction));
      ++pairs_;
    }
    reference_ = std::move(reference);
    prediction_ = std::move(prediction);
  }

  double score() const override {
    if (pairs_ == 0) return std::numeric_limits<double>::quiet_NaN();
    return sum_ / pairs_;
  }

 private:
  OneSize size_;
  FlowMemory own_flows_;
  std::shared_ptr<const FlowPicture> reference_;
  std::shared_ptr<const FlowPicture> prediction_;
  double sum_ = 0;
  int pairs_ = 0;
};

std::unique_ptr<ClipScorer> make(const Params& /*params*/) { return std::make_unique<Tof>(); }

}  // namespace

Metric metric_tof() {
  Metric metric{"tof", "px", "difference of optical flows", 0, false, {}};
  metric.clips = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
