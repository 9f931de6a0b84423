// SPDX-License-Identifier: Apache-2.0
// tOF (Chu et al., "Learning Temporal Coherence via Self-Supervision for GAN-based Video
// Generation" (TecoGAN), 2020): mean length of the difference between the optical flow of the
// reference and that of the prediction, over pixels and pairs of neighbouring frames. Both flows
// are estimated (optical_flow.h): a flow that comes with the data says nothing of the prediction.
// crop=tecogan cuts to the middle, at least 16 pixels less a side pair and a multiple of 32;
// skip_frames leaves out that many frames at both ends (TecoGAN: 2).
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "core/error.h"
#include "eval/metrics/flow_memory.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/optical_flow.h"

namespace pluvia {
namespace {

constexpr std::array<Param, 2> kParams = {{
    {"crop", ParamKind::kChoice, "", "pixels that count", "none", 0, 0, "none|tecogan"},
    {"skip_frames", ParamKind::kInteger, "", "frames left out at both ends", "0", 0, 1000},
}};

ImageView<const double> cropped(ImageView<const double> image, bool tecogan) {
  if (!tecogan) return image;
  const int height = (image.height() - 16) / 32 * 32;
  const int width = (image.width() - 16) / 32 * 32;
  if (height <= 0 || width <= 0) {
    fail("tOF: ", image.width(), "x", image.height(), " pixels leave nothing after TecoGAN's crop");
  }
  return image.crop((image.height() - height) / 2, (image.width() - width) / 2, height, width);
}

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
  explicit Tof(const Params& params)
      : tecogan_(params.text("crop") == "tecogan"),
        skip_(static_cast<std::size_t>(params.integer("skip_frames"))) {}

  void add(const MetricInput& frame) override {
    check_metric_input(frame);
    refuse_holes(frame, "tof");
    size_.check(frame, "tof");
    FlowMemory& flows = frame.flows == nullptr ? own_flows_ : *frame.flows;
    auto reference = flows.picture(flow_plane(cropped(frame.reference, tecogan_)).view());
    auto prediction = flows.picture(flow_plane(cropped(frame.prediction, tecogan_)).view());
    if (reference_ != nullptr) {
      pairs_.push_back(
          difference(*flows.flow(reference_, reference), *flows.flow(prediction_, prediction)));
    }
    reference_ = std::move(reference);
    prediction_ = std::move(prediction);
  }

  double score() const override {
    if (pairs_.size() <= 2 * skip_) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (std::size_t i = skip_; i < pairs_.size() - skip_; ++i) sum += pairs_[i];
    return sum / static_cast<double>(pairs_.size() - 2 * skip_);
  }

 private:
  bool tecogan_;
  std::size_t skip_;
  OneSize size_;
  FlowMemory own_flows_;
  std::shared_ptr<const FlowPicture> reference_;
  std::shared_ptr<const FlowPicture> prediction_;
  std::vector<double> pairs_;
};

std::unique_ptr<ClipScorer> make(const Params& params) { return std::make_unique<Tof>(params); }

}  // namespace

Metric metric_tof() {
  Metric metric{"tof", "px", "difference of optical flows", 0, false, kParams};
  metric.clips = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
