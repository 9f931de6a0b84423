// SPDX-License-Identifier: Apache-2.0
// Multi-scale SSIM (Wang, Simoncelli, Bovik 2003): five levels, the mean contrast-structure term of
// the first four and the mean SSIM of the last, each to the power of its weight. Between levels the
// mean of 2x2 pixels, border symmetric, the first pixel kept. The weights add to 1.0001, as
// published. A negative mean counts as 0, where a power is not defined. Colour: mean of channels.
#include <array>
#include <cmath>

#include "core/error.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/ssim_map.h"

namespace pluvia {
namespace {

constexpr std::array<double, 5> kWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr int kSmallestPx = 176;  // 11 pixels at the fifth level

double mean_of_plane(const Image<double>& plane) {
  double sum = 0;
  for (const double v : plane.pixels()) sum += v;
  return sum / static_cast<double>(plane.pixels().size());
}

double of_planes(Image<double> a, Image<double> b) {
  SsimOptions options;
  options.taps = gaussian_taps(11, 1.5);
  double product = 1;
  for (std::size_t level = 0; level < kWeights.size(); ++level) {
    if (level > 0) {
      a = box_downsample(a.view(), 2);
      b = box_downsample(b.view(), 2);
    }
    const SsimMap map = std::move(ssim_maps(a.view(), b.view(), options).front());
    const bool last = level + 1 == kWeights.size();
    const double mean = mean_of_plane(last ? map.ssim : map.contrast);
    product *= std::pow(std::max(mean, 0.0), kWeights[level]);
  }
  return product;
}

class MsSsim : public FrameScorer {
 public:
  double score(const MetricInput& input) const override {
    check_metric_input(input);
    refuse_holes(input, "ms_ssim");
    const auto& a = input.reference;
    if (std::min(a.height(), a.width()) < kSmallestPx) {
      fail("MS-SSIM: the picture is ", a.width(), "x", a.height(), ", needs at least ", kSmallestPx,
           " pixels a side for its five levels");
    }
    double sum = 0;
    for (int c = 0; c < a.channels(); ++c) {
      sum += of_planes(plane_of(a, c), plane_of(input.prediction, c));
    }
    return sum / a.channels();
  }
};

std::unique_ptr<FrameScorer> make(const Params& /*params*/) { return std::make_unique<MsSsim>(); }

}  // namespace

Metric metric_ms_ssim() {
  Metric metric{"ms_ssim", "", "multi-scale structural similarity", 1, true, {}};
  metric.frames = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
