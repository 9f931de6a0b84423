// SPDX-License-Identifier: Apache-2.0
// Multi-scale SSIM (Wang, Simoncelli, Bovik 2003): five levels, the mean contrast-structure term of
// the first four and the mean SSIM of the last, each to the power of its weight. Between levels the
// mean of 2x2 pixels. The weights add to 1.0001, as published. A negative mean counts as 0, where a
// power is not defined. What programs do otherwise (`like`; seen from outside, by their results):
//   wang          border symmetric where a size is odd, the first pixel kept; mean of the channels'
//                 scores
//   pyiqa         odd sizes get zeros on both sides, which shifts the grid and darkens the border;
//                 negative contrast counts as 0 pixel by pixel
//   torchmetrics  the last row and column of odd sizes are dropped; windows reach into a reflected
//                 border, from which the SSIM of the last level is taken but no contrast; the
//                 channels are one picture
#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/ssim_map.h"

namespace pluvia {
namespace {

constexpr std::array<double, 5> kWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
constexpr int kSmallestPx = 176;  // 11 pixels at the fifth level

constexpr std::array<Param, 1> kParams = {{
    {"like", ParamKind::kChoice, "", "whose rules for odd sizes, borders and channels", "wang", 0,
     0, "wang|pyiqa|torchmetrics"},
}};

using Levels = std::array<double, kWeights.size()>;

enum class Rules : std::uint8_t { kWang, kPyiqa, kTorchMetrics };

Rules rules_of(const std::string& like) {
  if (like == "pyiqa") return Rules::kPyiqa;
  return like == "torchmetrics" ? Rules::kTorchMetrics : Rules::kWang;
}

double mean_of_plane(ImageView<const double> plane) {
  double sum = 0;
  for (int y = 0; y < plane.height(); ++y) {
    for (const double v : plane.row(y)) sum += v;
  }
  return sum / (double{1} * plane.height() * plane.width());
}

/// With a row of zeros above and below where their number is odd, likewise columns.
Image<double> evened_by_zeros(ImageView<const double> plane) {
  const int rows = plane.height() % 2;
  const int columns = plane.width() % 2;
  Image<double> out(plane.height() + 2 * rows, plane.width() + 2 * columns, 1);
  std::ranges::fill(out.pixels(), 0.0);
  for (int y = 0; y < plane.height(); ++y) {
    std::ranges::copy(plane.row(y), out.view().row(y + rows).begin() + columns);
  }
  return out;
}

/// Whole pairs of rows and columns only.
Image<double> halved(ImageView<const double> plane) {
  return box_downsample(plane.crop(0, 0, plane.height() / 2 * 2, plane.width() / 2 * 2), 2);
}

Image<double> next_level(ImageView<const double> plane, Rules rules) {
  switch (rules) {
    case Rules::kPyiqa:
      return halved(evened_by_zeros(plane).view());
    case Rules::kTorchMetrics:
      return halved(plane);
    default:
      return box_downsample(plane, 2);
  }
}

/// Of one channel: contrast of the first levels, SSIM of the last.
Levels levels_of(Image<double> a, Image<double> b, Rules rules) {
  SsimOptions options;
  options.taps = gaussian_taps(11, 1.5);
  options.clip_contrast = rules == Rules::kPyiqa;
  const bool reflects = rules == Rules::kTorchMetrics;
  if (reflects) options.border = Border::kReflect;
  const int border = reflects ? 5 : 0;
  Levels levels{};
  for (std::size_t level = 0; level < levels.size(); ++level) {
    if (level > 0) {
      a = next_level(a.view(), rules);
      b = next_level(b.view(), rules);
    }
    const SsimMap map = std::move(ssim_maps(a.view(), b.view(), options).front());
    const auto contrast = map.contrast.view();
    levels[level] =
        level + 1 == levels.size()
            ? mean_of_plane(map.ssim.view())
            : mean_of_plane(contrast.crop(border, border, contrast.height() - 2 * border,
                                          contrast.width() - 2 * border));
  }
  return levels;
}

double product_of(const Levels& levels) {
  double product = 1;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    product *= std::pow(std::max(levels[level], 0.0), kWeights[level]);
  }
  return product;
}

class MsSsim : public FrameScorer {
 public:
  explicit MsSsim(const Params& params) : rules_(rules_of(params.text("like"))) {}

  double score(const MetricInput& input) const override {
    check_metric_input(input);
    refuse_holes(input, "ms_ssim");
    const auto& a = input.reference;
    if (std::min(a.height(), a.width()) < kSmallestPx) {
      fail("MS-SSIM: the picture is ", a.width(), "x", a.height(), ", needs at least ", kSmallestPx,
           " pixels a side for its five levels");
    }
    const double channels = a.channels();
    double scores = 0;
    Levels mean_levels{};
    for (int c = 0; c < a.channels(); ++c) {
      const Levels levels = levels_of(plane_of(a, c), plane_of(input.prediction, c), rules_);
      scores += product_of(levels);
      for (std::size_t i = 0; i < levels.size(); ++i) mean_levels[i] += levels[i] / channels;
    }
    return rules_ == Rules::kTorchMetrics ? product_of(mean_levels) : scores / channels;
  }

 private:
  Rules rules_;
};

std::unique_ptr<FrameScorer> make(const Params& params) { return std::make_unique<MsSsim>(params); }

}  // namespace

Metric metric_ms_ssim() {
  Metric metric{"ms_ssim", "", "multi-scale structural similarity", 1, true, kParams};
  metric.frames = &make;
  metric.takes_masks = false;
  return metric;
}

}  // namespace pluvia
