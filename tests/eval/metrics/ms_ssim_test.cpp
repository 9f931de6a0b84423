// SPDX-License-Identifier: Apache-2.0
// MS-SSIM as other programs compute it, on pictures that a formula makes. Their values come from
// pyiqa 0.1.16 and TorchMetrics 1.9.0 (data_range=255), fed with doubles; both keep parts of the
// computation in single precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "eval/metrics/metrics.h"

namespace pluvia {
namespace {

/// `error`: how much of a pattern is added.
int value_at(int y, int x, int c, int error) {
  const int clean = (x * x + 2 * y * y) / 97 % 128 + x * y / 300 % 64 + 20 * c;
  const int pattern = (x * 7 + y * 11 + c * 5) % 13 - 6;
  return std::clamp(clean + error * pattern, 0, 255);
}

struct Case {
  int height;
  int width;
  int error;
  double torchmetrics;  ///< of all channels
  double pyiqa;         ///< of the second channel
};

constexpr Case kCases[] = {
    {181, 203, 1, 0.9959051476693785, 0.9958926375160054},
    {181, 203, 9, 0.8937419571642562, 0.8931817686189836},
    {192, 208, 3, 0.9746880293546927, 0.9746154255232452},
};

Image<double> picture(const Case& of, int first_channel, int channels, int error) {
  Image<double> image(of.height, of.width, channels);
  for (int y = 0; y < of.height; ++y) {
    for (int x = 0; x < of.width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.view().at(y, x, c) = value_at(y, x, first_channel + c, error);
      }
    }
  }
  return image;
}

double score(const Case& of, const char* like, int first_channel, int channels) {
  const Metric& metric = metric_by_name("ms_ssim");
  Params params(metric.params);
  params.set("like", like);
  const Image<double> reference = picture(of, first_channel, channels, 0);
  const Image<double> prediction = picture(of, first_channel, channels, of.error);
  MetricInput input;
  input.reference = reference.view();
  input.prediction = prediction.view();
  return metric.frames(params)->score(input);
}

TEST(MsSsim, OtherProgramsRulesGiveTheirValues) {
  for (const Case& one : kCases) {
    EXPECT_NEAR(score(one, "torchmetrics", 0, 3), one.torchmetrics, 5e-9) << one.error;
    EXPECT_NEAR(score(one, "pyiqa", 1, 1), one.pyiqa, 1e-7) << one.error;
  }
}

TEST(MsSsim, RulesDifferWhereSizesAreOdd) {
  const Case& odd = kCases[1];
  EXPECT_GT(std::abs(score(odd, "wang", 1, 1) - score(odd, "pyiqa", 1, 1)), 1e-5);
  const Case& even = kCases[2];  // 192 and 208 are halved four times without a remainder
  EXPECT_NEAR(score(even, "wang", 1, 1), score(even, "pyiqa", 1, 1), 1e-12);
}

}  // namespace
}  // namespace pluvia
