// SPDX-License-Identifier: Apache-2.0
// SSIM as ffmpeg's `ssim` filter defines it: windows of 8x8 pixels, every fourth pixel, none across
// the border; sums in whole numbers; constants on sums of 64 pixels. Its luminance constant is 64
// times smaller than the paper's, so values are not those of `ssim`. What is left over of sides
// that are no multiple of 4 does not count. Colour: mean of the planes, as for its format gbrp.
#include <cmath>
#include <cstdint>

#include "core/error.h"
#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

constexpr double kC1 = 416;     // .01^2 255^2 64, rounded
constexpr double kC2 = 235963;  // .03^2 255^2 64 63, rounded

struct BlockSums {
  double a = 0;
  double b = 0;
  double squares = 0;
  double product = 0;
};

BlockSums sums_at(const MetricInput& input, int top, int left, int c) {
  BlockSums s;
  for (int y = top; y < top + 8; ++y) {
    for (int x = left; x < left + 8; ++x) {
      const double a = input.reference.at(y, x, c);
      const double b = input.prediction.at(y, x, c);
      s.a += a;
      s.b += b;
      s.squares += a * a + b * b;
      s.product += a * b;
    }
  }
  return s;
}

double plane_score(const MetricInput& input, int c) {
  double sum = 0;
  std::int64_t windows = 0;
  for (int y = 0; y + 8 <= input.reference.height(); y += 4) {
    for (int x = 0; x + 8 <= input.reference.width(); x += 4) {
      const BlockSums s = sums_at(input, y, x, c);
      const double variances = s.squares * 64 - s.a * s.a - s.b * s.b;
      const double covariance = s.product * 64 - s.a * s.b;
      sum += (2 * s.a * s.b + kC1) * (2 * covariance + kC2) /
             ((s.a * s.a + s.b * s.b + kC1) * (variances + kC2));
      ++windows;
    }
  }
  return sum / static_cast<double>(windows);
}

class FfmpegSsim : public FrameScorer {
 public:
  double score(const MetricInput& input) const override {
    check_metric_input(input);
    refuse_holes(input, "ssim_ffmpeg");
    const auto& a = input.reference;
    if (std::min(a.height(), a.width()) < 8) {
      fail("ssim_ffmpeg: the picture is ", a.width(), "x", a.height(), ", smaller than 8x8");
    }
    double sum = 0;
    for (int c = 0; c < a.channels(); ++c) sum += plane_score(input, c);
    return sum / a.channels();
  }
};

std::unique_ptr<FrameScorer> make(const Params& /*params*/) {
  return std::make_unique<FfmpegSsim>();
}

}  // namespace

Metric metric_ssim_ffmpeg() {
  Metric metric{"ssim_ffmpeg", "", "SSIM of ffmpeg's filter (8x8 boxes)", 1, true, {}};
  metric.frames = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
