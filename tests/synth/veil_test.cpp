// SPDX-License-Identifier: Apache-2.0
// The veil against the law of extinction, and the light of streaks in an even surrounding.
#include "synth/effects/veil.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "synth/effects/compose.h"

namespace pluvia::synth {
namespace {

TEST(Veil, ExtinctionOfUnresolvedDropsAlongTheWay) {
  const DropSizes sizes(25, 0);
  const VeilField field{1.5, 2, 0.5, 1290};
  const Veil veil(sizes, field);
  for (const double end_m : {10.0, 50.0, 200.0, 500.0}) {
    double tau = 0;  // a plain sum over the definition
    constexpr int kSteps = 2000;
    for (int i = 0; i < kSteps; ++i) {
      const double z = end_m * (i + 0.5) / kSteps;
      const double most_mm = std::min(8.0, 0.5 * z / 1290 * 1e3);
      double area_mm2 = 0;
      const double step = most_mm / 200;
      for (double d = step / 2; d < most_mm; d += step) {
        area_mm2 += sizes.density(d) * std::acos(-1) / 4 * d * d * step;
      }
      tau += (1.5 * area_mm2 * 1e-6 + 2e-3) * end_m / kSteps;
    }
    EXPECT_NEAR(-std::log(static_cast<double>(veil.transmission(static_cast<float>(end_m)))) / tau,
                1, 0.01)
        << end_m;
  }
  EXPECT_EQ(veil.transmission(0), 1);
  EXPECT_EQ(veil.transmission(INFINITY), veil.transmission(static_cast<float>(Veil::kSkyM)));
}

TEST(Veil, WhatIsDrawnAndWhatIsVeilMakeTheSameWhole) {
  // At 30 m drops up to 8 mm are narrower than half a pixel: the rest of the way is all veil.
  const DropSizes sizes(50, 0);
  const Veil fine(sizes, {1.5, 0, 0.25, 1290});
  const Veil coarse(sizes, {1.5, 0, 0.5, 1290});
  const auto tau = [](const Veil& veil, float from, float to) {
    return std::log(static_cast<double>(veil.transmission(from) / veil.transmission(to)));
  };
  EXPECT_NEAR(tau(fine, 50, 300) / tau(coarse, 50, 300), 1, 0.005);
  EXPECT_LT(tau(fine, 0, 20), tau(coarse, 0, 20));
}

TEST(Streaks, VanishInEvenLightButForWhatDropsReflect) {
  Image<float> even(80, 120, 3, Transfer::kLinear);
  std::fill(even.pixels().begin(), even.pixels().end(), 0.4F);
  const LightPyramid around(even.clone(), 1);
  Streak streak;
  streak.x0 = streak.x1 = 60;
  streak.y0 = 20;
  streak.y1 = 24;
  streak.width_px = 4;
  streak.depth_m = 2;
  const StreakPlanes planes = splat({&streak, 1}, 80, 120, {});
  const Image<float> out = add_streaks(even.view(), planes, 1, around);
  float least = 1;
  for (const float v : out.pixels()) {
    least = std::min(least, v);
    EXPECT_LE(v, 0.4F + 1e-6F);
  }
  EXPECT_GT(least, 0.4F * 0.93F);
  EXPECT_LT(least, 0.4F);
}

TEST(Streaks, BrightSurroundingsMakeThemBright) {
  Image<float> light(80, 120, 3, Transfer::kLinear);
  for (int y = 0; y < 80; ++y) {
    for (float& v : light.view().row(y)) v = y < 60 ? 0.9F : 0.05F;
  }
  const LightPyramid around(light.clone(), 1);
  Streak streak;
  streak.x0 = streak.x1 = 60;
  streak.y0 = 64;
  streak.y1 = 70;
  streak.width_px = 2;
  streak.depth_m = 2;
  const Image<float> out = add_streaks(light.view(), splat({&streak, 1}, 80, 120, {}), 1, around);
  EXPECT_GT(out.view().at(67, 60, 1), 0.06F);
}

TEST(AssumedDepth, IsAStreet) {
  const Image<float> depth = assumed_depth(720, 1280, 1000);
  EXPECT_NEAR(depth.view().at(719, 640), 1000 * 1.4F / 359.5F, 0.01F);
  EXPECT_NEAR(depth.view().at(0, 0), 1000 * 9 / 639.5F, 0.01F);
  EXPECT_EQ(depth.view().at(0, 640), 80);
}

}  // namespace
}  // namespace pluvia::synth
