// SPDX-License-Identifier: Apache-2.0
// What every metric of the table must do, before its author writes a test of its own.
#include "eval/metrics/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/rng.h"

namespace pluvia {
namespace {

constexpr int kHeight = 40;
constexpr int kWidth = 56;

Image<double> scene(double noise) {
  Image<double> image(kHeight, kWidth, 3);
  std::uint32_t i = 0;
  for (double& value : image.pixels()) {
    const Random random{.seed = 5, .particle = i};
    value = 120 + 60 * std::sin(i * 0.05) + noise * random.normal(0);
    ++i;
  }
  return image;
}

Image<std::uint8_t> mask_of(std::uint8_t value) {
  Image<std::uint8_t> mask(kHeight, kWidth, 1);
  std::fill(mask.pixels().begin(), mask.pixels().end(), value);
  return mask;
}

class EveryMetric : public testing::TestWithParam<Metric> {
 protected:
  const Metric& metric() const { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Table, EveryMetric, testing::ValuesIn(all_metrics()),
                         [](const auto& entry) { return std::string(entry.param.name); });

TEST_P(EveryMetric, IdealOnEqualPictures) {
  const Image<double> image = scene(3);
  const double score = metric().score({image.view(), image.view(), {}});
  if (std::isinf(metric().ideal)) {
    EXPECT_EQ(score, metric().ideal);
  } else {
    EXPECT_NEAR(score, metric().ideal, 1e-12);
  }
}

TEST_P(EveryMetric, WorseUnderMoreNoise) {
  const Image<double> reference = scene(0);
  double before = metric().ideal;
  for (const double noise : {1.0, 4.0, 16.0}) {
    const Image<double> prediction = scene(noise);
    const double score = metric().score({reference.view(), prediction.view(), {}});
    EXPECT_TRUE(metric().higher_is_better ? score < before : score > before) << noise;
    before = score;
  }
}

TEST_P(EveryMetric, FullMaskIsNoMask) {
  const Image<double> reference = scene(0);
  const Image<double> prediction = scene(9);
  const Image<std::uint8_t> mask = mask_of(255);
  EXPECT_EQ(metric().score({reference.view(), prediction.view(), mask.view()}),
            metric().score({reference.view(), prediction.view(), {}}));
}

TEST_P(EveryMetric, OtherSizesAreRefused) {
  const Image<double> reference = scene(0);
  const Image<double> small(kHeight, kWidth - 1, 3);
  EXPECT_THROW(metric().score({reference.view(), small.view(), {}}), Error);
  const Image<std::uint8_t> mask(kHeight - 1, kWidth, 1);
  EXPECT_THROW(metric().score({reference.view(), reference.view(), mask.view()}), Error);
}

TEST(Mae, ByHand) {
  Image<double> a(1, 2, 1);
  Image<double> b(1, 2, 1);
  a.view().at(0, 0) = 10;
  a.view().at(0, 1) = 20;
  b.view().at(0, 0) = 13;
  b.view().at(0, 1) = 19;
  const Metric& mae = metric_by_name("mae");
  EXPECT_EQ(mae.score({a.view(), b.view(), {}}), 2);
  Image<std::uint8_t> mask(1, 2, 1);
  mask.view().at(0, 0) = 1;
  mask.view().at(0, 1) = 0;
  EXPECT_EQ(mae.score({a.view(), b.view(), mask.view()}), 3);
  mask.view().at(0, 0) = 0;
  EXPECT_TRUE(std::isnan(mae.score({a.view(), b.view(), mask.view()})));
  EXPECT_THROW(metric_by_name("mea"), Error);
}

}  // namespace
}  // namespace pluvia
