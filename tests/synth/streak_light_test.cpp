// SPDX-License-Identifier: Apache-2.0
// The light of streaks: the kernel of deviations against published shares, the white furnace, the
// sky above a dark street, and the shape of a streak against a disc moved by brute force.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "synth/effects/environment.h"
#include "synth/effects/ripple.h"
#include "synth/effects/scene_light.h"
#include "synth/effects/streak_splat.h"

namespace pluvia::synth {
namespace {

const double kDegree = std::acos(-1) / 180;

TEST(DropLight, DeviationsFollowTheTable) {
  // Share of the disc's area with a deviation below.
  const double table[][2] = {{0.10, 9.4}, {0.25, 15.9}, {0.50, 25.9}, {0.75, 39.0}, {0.90, 52.4}};
  const std::vector<DeviationRing> rings = deviation_rings(1000);
  double transmitted = 0;
  for (const auto& row : table) {
    const auto at = static_cast<std::size_t>(row[0] * 1000 - 0.5);
    EXPECT_NEAR(rings[at].deviation_rad / kDegree, row[1], 0.15) << row[0];
  }
  for (const DeviationRing& ring : rings) transmitted += ring.weight;
  EXPECT_NEAR(transmitted, kRefracted, 1e-9);
  EXPECT_LT(rings.back().deviation_rad / kDegree, 82.9);
}

TEST(DropLight, SharesOfTheSplit) {
  // Fresnel's formulas in angles, averaged over the disc: what passes both faces, what the outer
  // face mirrors, what is reflected once inside.
  double refracted = 0;
  double mirrored = 0;
  double internal = 0;
  constexpr int kSteps = 200000;
  for (int i = 0; i < kSteps; ++i) {
    const double in = std::asin(std::sqrt((i + 0.5) / kSteps));
    const double out = std::asin(std::sin(in) / 1.333);
    const double s = std::sin(in - out) / std::sin(in + out);
    const double p = std::tan(in - out) / std::tan(in + out);
    for (const double r : {s * s, p * p}) {
      refracted += 0.5 * (1 - r) * (1 - r) / kSteps;
      mirrored += 0.5 * r / kSteps;
      internal += 0.5 * (1 - r) * (1 - r) * r / kSteps;
    }
  }
  EXPECT_NEAR(refracted, kRefracted, 0.003);
  EXPECT_NEAR(mirrored, kMirrored, 0.001);
  EXPECT_NEAR(internal, kInternal, 0.006);
}

std::vector<BlockLight> even_blocks(int height, int width, float light) {
  BlockLight block;
  for (int c = 0; c < 3; ++c) block.clean[c] = block.lit[c] = light;
  return std::vector<BlockLight>(
      static_cast<std::size_t>(blocks_along(height) * blocks_along(width)), block);
}

TEST(DropLight, WhiteFurnace) {
  const auto blocks = even_blocks(360, 640, 0.4F);
  const std::vector<float> nodes = drop_light(blocks, 360, 640, {}, 640);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i % 4 == 3) continue;
    EXPECT_NEAR(nodes[i] / 0.4F, 1, 0.01);
    EXPECT_LT(nodes[i], 0.4F);
  }
}

TEST(DropLight, SkyReachesTheStreet) {
  auto blocks = even_blocks(720, 1280, 0.05F);
  for (std::size_t i = 0; i < 10 * 40; ++i) {
    for (int c = 0; c < 3; ++c) blocks[i].lit[c] = 0.9F;
  }
  const std::vector<float> nodes = drop_light(blocks, 720, 1280, {}, 1290);
  const EnvironmentView view{nodes.data(), nodes_along(1280)};
  const auto at = [&](int y, int x) { return view.span(y, x, 1).left; };
  EXPECT_GT(at(400, 640), 0.25F);
  EXPECT_GT(at(700, 640), 0.08F);
  EXPECT_GT(at(20, 640), at(400, 640));
  // Close to the mean over the kernel, by brute force in angles at one place.
  double sum = 0;
  constexpr int kRings = 400;
  constexpr int kTurns = 360;
  for (const DeviationRing& ring : deviation_rings(kRings)) {
    for (int k = 0; k < kTurns; ++k) {
      const double turn = (k + 0.5) * kDegree;
      const double y = std::sin(ring.deviation_rad) * std::sin(turn);
      const double z = std::cos(ring.deviation_rad);
      // A ray that goes up by tan > 40/1290 sees the sky, which starts 40 px above the middle.
      sum += ring.weight / kTurns * (-y > z * 40 / 1290 ? 0.9 : 0.05);
    }
  }
  const double everywhere = (0.9 * 400 + 0.05 * 520) / 920;
  const double expected = sum + 0.11 * everywhere;
  EXPECT_NEAR(static_cast<double>(nodes[static_cast<std::size_t>((6 * view.across + 10) * 4 + 1)]),
              expected, 0.05 * expected);
}

TEST(Ripple, FrequenciesOfDrops) {
  const double table[][3] = {{1, 344, 665}, {2, 121, 235}, {3, 66, 128}, {4, 43, 83}};
  for (const auto& row : table) {
    EXPECT_NEAR(oscillations_hz(row[0]).axisymmetric, row[1], 1);
    EXPECT_NEAR(oscillations_hz(row[0]).transverse, row[2], 1);
  }
}

Streak plain_streak(float width_px, float blur_px, float length_px, double degrees) {
  Streak s;
  s.x0 = 40.3F;
  s.y0 = 35.8F;
  s.x1 = s.x0 + length_px * static_cast<float>(std::sin(degrees * kDegree));
  s.y1 = s.y0 + length_px * static_cast<float>(std::cos(degrees * kDegree));
  s.depth_m = 2;
  s.width_px = width_px;
  s.blur_px = blur_px;
  return s;
}

/// Share of the time that a disc which moves along the streak covers each pixel's area.
std::vector<double> covered_time(const Streak& s, int height, int width) {
  std::vector<double> out(static_cast<std::size_t>(height * width));
  constexpr int kSub = 8;
  const double dx = static_cast<double>(s.x1 - s.x0);
  const double dy = static_cast<double>(s.y1 - s.y0);
  const double length = std::sqrt(dx * dx + dy * dy);
  const double r = static_cast<double>(s.width_px) / 2;
  for (int y = 0; y < height * kSub; ++y) {
    for (int x = 0; x < width * kSub; ++x) {
      const double px = (x + 0.5) / kSub - static_cast<double>(s.x0);
      const double py = (y + 0.5) / kSub - static_cast<double>(s.y0);
      const double along = (px * dx + py * dy) / length;
      const double across = (px * dy - py * dx) / length;
      if (std::abs(across) >= r) continue;
      const double h = std::sqrt(r * r - across * across);
      const double time = std::min(along + h, length) - std::max(along - h, 0.0);
      if (time > 0) {
        out[static_cast<std::size_t>(y / kSub * width + x / kSub)] += time / length / (kSub * kSub);
      }
    }
  }
  return out;
}

TEST(StreakShape, SharpLargeDropsAreMovingDiscs) {
  for (const float width_px : {2.0F, 4.0F, 8.0F}) {
    for (const double degrees : {0.0, 20.0, 90.0}) {
      const Streak s = plain_streak(width_px, 0, 24, degrees);
      const StreakImages drawn = splat({&s, 1}, 96, 96, {});
      const std::vector<double> exact = covered_time(s, 96, 96);
      double peak = 0;
      double worst = 0;
      double drawn_peak = 0;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        const auto ours = static_cast<double>(drawn.opacity.pixels()[i]);
        peak = std::max(peak, exact[i]);
        drawn_peak = std::max(drawn_peak, ours);
        worst = std::max(worst, std::abs(ours - exact[i]));
      }
      EXPECT_NEAR(drawn_peak / peak, 1, 0.03) << width_px << " " << degrees;
      EXPECT_LT(worst / peak, 0.12) << width_px << " " << degrees;
    }
  }
}

TEST(StreakShape, RippleAveragesOut) {
  Streak s = plain_streak(1, 1, 40, 10);
  s.ripple[0] = {0.4F, 0.2F, 0.3F};
  s.ripple[1] = {0.3F, 0.05F, 0.1F};
  const StreakImages drawn = splat({&s, 1}, 96, 96, {});
  double opacity = 0;
  double glow = 0;
  double most = 0;
  for (std::size_t i = 0; i < drawn.glow.pixels().size(); ++i) {
    const auto a = static_cast<double>(drawn.opacity.pixels()[i]);
    const auto g = static_cast<double>(drawn.glow.pixels()[i]);
    opacity += a;
    glow += g;
    if (a > 1e-4) most = std::max(most, g / a);
  }
  EXPECT_NEAR(glow / opacity, 1, 0.03);
  EXPECT_GT(most, 1.25);
}

TEST(StreakShape, SceneHidesSoftly) {
  const Streak s = plain_streak(2, 2, 20, 0);
  double before = -1;
  for (const float z : {1.8F, 1.92F, 2.0F, 2.08F, 2.2F}) {
    Image<float> depth(96, 96, 1);
    std::fill(depth.pixels().begin(), depth.pixels().end(), z);
    double sum = 0;
    const StreakImages drawn = splat({&s, 1}, 96, 96, depth.view());
    for (const float v : drawn.opacity.pixels()) sum += static_cast<double>(v);
    // smoothstep over 10 % of the depth around it.
    const double t = std::min(1.0, std::max(0.0, (static_cast<double>(z) / 2 - 1) * 10 + 0.5));
    EXPECT_NEAR(sum / std::acos(-1), t * t * (3 - 2 * t), 0.02) << z;
    EXPECT_GE(sum, before);
    before = sum;
  }
}

}  // namespace
}  // namespace pluvia::synth
