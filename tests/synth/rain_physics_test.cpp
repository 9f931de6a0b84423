// SPDX-License-Identifier: Apache-2.0
// Drop sizes, fall speed and light against published figures, closed forms and the C library.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "synth/drop_sizes.h"
#include "synth/effects/linear_light.h"
#include "synth/fall_speed.h"

namespace pluvia::synth {
namespace {

TEST(FallSpeed, AtlasTable) {
  const double table[][2] = {{0.5, 2.02}, {1, 4.00}, {2, 6.55}, {3, 7.95}, {5, 9.14}};
  for (const auto& row : table) EXPECT_NEAR(fall_speed_m_s(row[0]), row[1], 0.01);
  EXPECT_EQ(fall_speed_m_s(0.1), 0);
}

TEST(DropSizes, FluxIsTheRateAskedFor) {
  for (const double rate : {0.5, 5.0, 25.0, 100.0, 200.0}) {
    for (const double mu : {0.0, 2.0, 5.0}) {
      const DropSizes sizes(rate, mu);
      double flux = 0;  // mm/h, by a plain sum over the definition
      constexpr double kStep = 1e-4;
      for (double d = kSmallestDropMm + kStep / 2; d < kLargestDropMm; d += kStep) {
        const double volume_mm3 = std::acos(-1) / 6 * d * d * d;
        const double speed = 9.65 - 10.3 * std::exp(-0.6 * d);
        flux += sizes.density(d) * volume_mm3 * speed * 3600 * kStep * 1e-6;
      }
      EXPECT_NEAR(flux / rate, 1, 0.005) << rate << " " << mu;
    }
  }
}

TEST(DropSizes, MarshallPalmerBeforeRescaling) {
  // Rate, Lambda and the rate that N0 = 8000 gives back with Atlas's speeds.
  const double table[][3] = {{1, 4.100, 1.18},
                             {5, 2.924, 5.90},
                             {25, 2.086, 28.22},
                             {50, 1.803, 54.55},
                             {100, 1.559, 104.2}};
  for (const auto& row : table) {
    const DropSizes sizes(row[0], 0);
    EXPECT_NEAR(sizes.lambda(), row[1], 0.001);
    EXPECT_NEAR(row[0] * 8000 / sizes.n0() / row[2], 1, 0.012) << row[0];
  }
}

TEST(DropSizes, ClassesHoldEveryDropOnce) {
  const DropSizes sizes(25, 0);
  double flux = 0;
  double count = 0;
  for (const DropClass& one : sizes.classes(24, 0.3)) {
    flux += 6e-4 * std::acos(-1) * sizes.moment(3, one.low_mm, one.high_mm) * one.speed_m_s;
    count += one.per_m3;
    EXPECT_GT(one.speed_m_s, fall_speed_m_s(one.low_mm));
    EXPECT_LT(one.speed_m_s, fall_speed_m_s(one.high_mm));
  }
  const double lambda = sizes.lambda();
  EXPECT_NEAR(count * lambda / sizes.n0() / (std::exp(-0.3 * lambda) - std::exp(-8 * lambda)), 1,
              1e-6);
  EXPECT_NEAR(flux / sizes.flux_mm_h(0.3, kLargestDropMm), 1, 1e-6);
}

TEST(DropSizes, DrawnDiametersFollowTheDistribution) {
  const DropSizes sizes(25, 0);
  const DropClass whole = sizes.between(0.3, kLargestDropMm);
  constexpr int kBins = 20;
  constexpr int kDraws = 200000;
  std::vector<int> seen(kBins);
  const double lambda = sizes.lambda();
  const double start = std::exp(-lambda * 0.3);
  const double all = start - std::exp(-lambda * kLargestDropMm);
  for (int i = 0; i < kDraws; ++i) {
    // A sequence that fills (0, 1) evenly: what is left is the error of the inverse.
    const double u = std::fmod((i + 0.5) * 0.6180339887498949, 1.0);
    const double d = sizes.draw(whole, u);
    ASSERT_GE(d, 0.3);
    ASSERT_LE(d, kLargestDropMm);
    const double share = (start - std::exp(-lambda * d)) / all;
    ++seen[static_cast<std::size_t>(std::min(kBins - 1, static_cast<int>(share * kBins)))];
  }
  for (const int n : seen) EXPECT_NEAR(n, kDraws / kBins, kDraws / kBins * 0.01);
}

TEST(DropSizes, ExtinctionGrowsAsPublished) {
  // beta = 0.1824 R^0.63 /km with N0 = 8000; ours is rescaled.
  for (const double rate : {5.0, 25.0, 100.0}) {
    const DropSizes sizes(rate, 0);
    const double as_published = sizes.extinction_per_m(8) * 1000 * 8000 / sizes.n0();
    EXPECT_NEAR(as_published / (0.1824 * std::pow(rate, 0.63)), 1, 0.02) << rate;
  }
}

TEST(DropSizes, HardlyAnyRainIsHardlyAnyDrops) {
  const double per_rate = DropSizes(0.01, 0).extinction_per_m(8) / 0.01;
  for (const double rate : {1e-3, 1e-6, 1e-12}) {
    EXPECT_NEAR(DropSizes(rate, 0).extinction_per_m(8) / rate / per_rate, 1, 1e-9) << rate;
  }
}

TEST(DropSizes, NoRainHasNoDrops) {
  const DropSizes sizes(0, 0);
  EXPECT_EQ(sizes.density(1), 0);
  EXPECT_TRUE(sizes.classes(8, 0.3).empty());
}

TEST(LinearLight, EveryCodeComesBack) {
  for (int code = 0; code < 256; ++code) {
    EXPECT_EQ(code_of_light(light_of_code(code)), code);
    const double display = code / 255.0;
    const double expected =
        display <= 0.04045 ? display / 12.92 : std::pow((display + 0.055) / 1.055, 2.4);
    EXPECT_NEAR(static_cast<double>(light_of_code(code)), expected, 1.4e-6) << code;
    EXPECT_GT(light_of_code(code + 1), light_of_code(code));
  }
  EXPECT_EQ(light_of_code(0), 0);
  EXPECT_EQ(light_of_code(255), 1);
}

TEST(LinearLight, EncodesToTheNearestCode) {
  // Every thousandth number there is between the first threshold and white, and what is beyond.
  int before = 0;
  const auto white = std::bit_cast<std::uint32_t>(1.0F);
  for (auto bits = std::bit_cast<std::uint32_t>(1e-6F); bits < white; bits += 1000) {
    const auto light = std::bit_cast<float>(bits);
    const auto x = static_cast<double>(light);
    const double display = x <= 0.0031308 ? x * 12.92 : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
    ASSERT_NEAR(code_of_light(light), display * 255, 0.507) << x;
    ASSERT_GE(code_of_light(light), before) << x;
    before = code_of_light(light);
  }
  EXPECT_EQ(code_of_light(-1), 0);
  EXPECT_EQ(code_of_light(NAN), 0);
  EXPECT_EQ(code_of_light(9), 255);
  EXPECT_EQ(code_of_light(std::nextafter(1.0F, 0.0F)), 255);
}

}  // namespace
}  // namespace pluvia::synth
