// SPDX-License-Identifier: Apache-2.0
// Warping error (Lai et al., "Learning Blind Video Temporal Consistency", ECCV 2018): each frame is
// warped back to the one before along the motion of the *reference*, and compared there where that
// is possible:
//   E = mean over pairs of (sum M |W(p_t) - p_{t-1}|^2 / sum M), pictures in 0..1, M per channel.
// M leaves out what moves out of the frame; motion boundaries, |grad u|^2 + |grad v|^2 > 0.01 |f|^2
// + 0.002; and, where the motion is estimated, what the flows there and back disagree on,
// |f + b(x + f)|^2 > 0.01 (|f|^2 + |b|^2) + 0.5. Motion comes with the frames when the data set has
// it, else from our optical flow (optical_flow.h). A blurred video has a low E: read it beside the
// reference's own (of=reference).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "eval/metrics/flow_memory.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/optical_flow.h"

namespace pluvia {
namespace {

constexpr std::array<Param, 1> kParams = {{
    {"of", ParamKind::kChoice, "", "whose warping error", "prediction", 0, 0,
     "prediction|reference"},
}};

template <typename T>
bool sample(ImageView<const T> image, double y, double x, double* out) {
  if (!(x >= 0 && y >= 0 && x <= image.width() - 1 && y <= image.height() - 1)) return false;
  const int x0 = std::min(static_cast<int>(x), std::max(image.width() - 2, 0));
  const int y0 = std::min(static_cast<int>(y), std::max(image.height() - 2, 0));
  const int x1 = std::min(x0 + 1, image.width() - 1);
  const int y1 = std::min(y0 + 1, image.height() - 1);
  const double fx = x - x0;
  const double fy = y - y0;
  for (int c = 0; c < image.channels(); ++c) {
    const double top = double{image.at(y0, x0, c)} * (1 - fx) + double{image.at(y0, x1, c)} * fx;
    const double bottom = double{image.at(y1, x0, c)} * (1 - fx) + double{image.at(y1, x1, c)} * fx;
    out[c] = top * (1 - fy) + bottom * fy;
  }
  return true;
}

double squared(double a) { return a * a; }

bool on_motion_boundary(ImageView<const float> flow, int y, int x) {
  const int right = std::min(x + 1, flow.width() - 1);
  const int below = std::min(y + 1, flow.height() - 1);
  double gradient = 0;
  double length = 0;
  for (int c = 0; c < 2; ++c) {
    const double f = double{flow.at(y, x, c)};
    gradient +=
        squared(double{flow.at(y, right, c)} - f) + squared(double{flow.at(below, x, c)} - f);
    length += f * f;
  }
  return gradient > 0.01 * length + 0.002;
}

bool disagrees(ImageView<const float> flow, ImageView<const float> back, int y, int x) {
  const double u = double{flow.at(y, x, 0)};
  const double v = double{flow.at(y, x, 1)};
  std::array<double, 2> b{};
  if (!sample(back, y + v, x + u, b.data())) return true;
  return squared(u + b[0]) + squared(v + b[1]) >
         0.01 * (u * u + v * v + b[0] * b[0] + b[1] * b[1]) + 0.5;
}

Image<double> copy(ImageView<const double> in) {
  Image<double> out(in.height(), in.width(), in.channels());
  for (int y = 0; y < in.height(); ++y) {
    std::copy(in.row(y).begin(), in.row(y).end(), out.view().row(y).begin());
  }
  return out;
}

Image<float> copy(ImageView<const float> in) {
  Image<float> out(in.height(), in.width(), in.channels());
  for (int y = 0; y < in.height(); ++y) {
    std::copy(in.row(y).begin(), in.row(y).end(), out.view().row(y).begin());
  }
  return out;
}

class WarpingError : public ClipScorer {
 public:
  explicit WarpingError(const Params& params) : of_reference_(params.text("of") == "reference") {}

  void add(const MetricInput& frame) override {
    check_metric_input(frame);
    refuse_holes(frame, "warping_error");
    size_.check(frame, "warping_error");
    FlowMemory& flows = frame.flows == nullptr ? own_flows_ : *frame.flows;
    // Motion to the next frame, or from the one before, has to be looked for.
    const bool needs_motion = frame.flow.empty() || (!before_.empty() && before_flow_.empty());
    const auto picture = needs_motion ? flows.picture(flow_plane(frame.reference).view()) : nullptr;
    const ImageView<const double> scored = of_reference_ ? frame.reference : frame.prediction;
    if (!before_.empty()) add_pair(scored, picture, flows);
    before_ = copy(scored);
    before_picture_ = picture;
    before_flow_ = frame.flow.empty() ? Image<float>() : copy(frame.flow);
  }

  double score() const override {
    return pairs_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_ / pairs_;
  }

 private:
  void add_pair(ImageView<const double> now, const std::shared_ptr<const FlowPicture>& picture,
                FlowMemory& flows) {
    std::shared_ptr<const Image<float>> estimated;
    std::shared_ptr<const Image<float>> back;
    ImageView<const float> flow = std::as_const(before_flow_).view();
    if (before_flow_.empty()) {
      estimated = flows.flow(before_picture_, picture);
      back = flows.flow(picture, before_picture_);
      flow = estimated->view();
    }
    double sum = 0;
    double counted = 0;
    std::array<double, 4> warped{};
    for (int y = 0; y < now.height(); ++y) {
      for (int x = 0; x < now.width(); ++x) {
        if (on_motion_boundary(flow, y, x)) continue;
        if (back != nullptr && disagrees(flow, back->view(), y, x)) continue;
        const double to_x = x + double{flow.at(y, x, 0)};
        const double to_y = y + double{flow.at(y, x, 1)};
        if (!sample(now, to_y, to_x, warped.data())) continue;
        for (int c = 0; c < now.channels(); ++c) {
          sum += squared(
              (warped[static_cast<std::size_t>(c)] - std::as_const(before_).view().at(y, x, c)) /
              255);
        }
        counted += now.channels();
      }
    }
    if (counted == 0) return;
    sum_ += sum / counted;
    ++pairs_;
  }

  bool of_reference_;
  Image<double> before_;
  OneSize size_;
  FlowMemory own_flows_;
  std::shared_ptr<const FlowPicture> before_picture_;
  Image<float> before_flow_;
  double sum_ = 0;
  int pairs_ = 0;
};

std::unique_ptr<ClipScorer> make(const Params& params) {
  return std::make_unique<WarpingError>(params);
}

}  // namespace

Metric metric_warping_error() {
  Metric metric{"warping_error", "",     "squared change along the reference's motion", 0,
                false,           kParams};
  metric.clips = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
