// SPDX-License-Identifier: Apache-2.0
// Streaks: their number, motion, energy and mean opacity against formulas; threads do not matter.
#include "synth/effects/streaks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/parallel.h"
#include "synth/effects/streak_splat.h"
#include "synth/fall_speed.h"
#include "tests/synth/still_rain.h"

namespace pluvia::synth {
namespace {

double sum(const Image<float>& image) {
  double total = 0;
  for (const float v : image.pixels()) total += static_cast<double>(v);
  return total;
}

TEST(Streaks, CountInView) {
  // 1e-9 * 6 N0 W H f / (3 w^3 Lambda^4), drops whose path's middle is in the pyramid of view.
  const RainField field = still_rain(25, 1);
  const DropSizes sizes(25, 0);
  const double expected =
      1e-9 * 6 * sizes.n0() * 1280 * 720 * 1290 / (3 * std::pow(sizes.lambda(), 4));
  double seen = 0;
  constexpr int kFrames = 40;
  for (int t = 0; t < kFrames; ++t) {
    for (const Streak& s : streaks_of(field, {1, 0}, camera_720p(1290), {0.002, 0.001, 0}, t)) {
      const float x = (s.x0 + s.x1) / 2;
      const float y = (s.y0 + s.y1) / 2;
      seen += x >= 0 && x < 1280 && y >= 0 && y < 720 ? 1 : 0;
      EXPECT_GE(s.width_px, 1);
    }
  }
  EXPECT_NEAR(seen / kFrames, expected, 3 * std::sqrt(expected / kFrames) + 0.01 * expected);
}

TEST(Streaks, LengthIsSpeedTimesExposureOverDepth) {
  const RainField field = still_rain(50, 1);
  const Lens lens{0.004, 0.001, 0};
  int checked = 0;
  for (const Streak& s : streaks_of(field, {2, 0}, camera_720p(1000), lens, 3)) {
    const double z = static_cast<double>(s.depth_m);
    EXPECT_FLOAT_EQ(s.x0, s.x1);
    EXPECT_NEAR(static_cast<double>(s.width_px), 1000 * s.diameter_mm * 1e-3 / z, 1e-3);
    const double formula = 1000 * fall_speed_m_s(s.diameter_mm) * 0.004 / z;
    const double length = static_cast<double>(s.y1 - s.y0);
    EXPECT_NEAR(length / formula, 1, s.diameter_mm < 0.5 ? 0.3 : 0.12) << s.diameter_mm;
    ++checked;
  }
  EXPECT_GT(checked, 100);
}

TEST(Streaks, SameDropMovesByItsVelocity) {
  RainField field = still_rain(50, 0.5);
  field.wind_m_s = {2, 0, 0};
  const Lens lens{0.002, 0.001, 0};
  Camera camera = camera_720p(1000);
  camera.velocity = {0, 0, -5};
  std::map<std::uint64_t, Streak> before;
  for (const Streak& s : streaks_of(field, {3, 1}, camera, lens, 1)) before[s.id] = s;
  int pairs = 0;
  const double step_s = 0.002;  // the second exposure starts where the first ended
  Camera later = camera;
  later.position = camera.position + camera.velocity * step_s;
  for (const Streak& s : streaks_of(field, {3, 1}, later, lens, 1 + step_s)) {
    const auto found = before.find(s.id);
    if (found == before.end()) continue;
    ++pairs;
    EXPECT_NEAR(s.x0, found->second.x1, 0.05);
    EXPECT_NEAR(s.y0, found->second.y1, 0.05);
    EXPECT_EQ(s.diameter_mm, found->second.diameter_mm);
  }
  EXPECT_GT(pairs, 500);
}

TEST(Streaks, EnergyIsTheAreaOfTheDrop) {
  for (const float width_px : {0.3F, 1.0F, 3.0F, 8.0F}) {
    for (const float blur_px : {0.0F, 5.0F, 20.0F}) {
      for (const float length_px : {0.0F, 2.0F, 30.0F, 140.0F}) {
        for (const double degrees : {0.0, 33.0, 90.0}) {
          Streak s;
          const double angle = degrees * std::acos(-1) / 180;
          s.x0 = 100.3F;
          s.y0 = 90.8F;
          s.x1 = s.x0 + length_px * static_cast<float>(std::sin(angle));
          s.y1 = s.y0 + length_px * static_cast<float>(std::cos(angle));
          s.depth_m = 2;
          s.width_px = width_px;
          s.blur_px = blur_px;
          const StreakImages planes = splat({&s, 1}, 300, 300, {});
          const auto w = static_cast<double>(width_px);
          EXPECT_NEAR(sum(planes.opacity) / (std::acos(-1) * w * w / 4), 1,
                      width_px < 0.6F ? 0.007 : 0.005)
              << width_px << " " << blur_px << " " << length_px << " " << degrees;
        }
      }
    }
  }
}

// Rows of a streak are drawn between columns that are worked out first; GPUs ask every pixel.
TEST(Streaks, RowsLeaveOutNoPixel) {
  for (const float width_px : {0.5F, 1.7F, 6.0F}) {
    for (const float length_px : {3.0F, 90.0F, 6000.0F}) {
      for (const double degrees :
           {0.0, 0.01, 0.7, 20.0, 89.0, 89.9, 89.99, 90.0, 90.02, 91.0, 160.0}) {
        Streak s;
        const double angle = degrees * std::acos(-1) / 180;
        const auto dx = 0.5F * length_px * static_cast<float>(std::sin(angle));
        const auto dy = 0.5F * length_px * static_cast<float>(std::cos(angle));
        // The middle of the longest lies far outside.
        const float away = length_px > 1000 ? 0.9F : 0.0F;
        s.x0 = 70.4F - dx + away * dx;
        s.y0 = 61.7F - dy + away * dy;
        s.x1 = s.x0 + 2 * dx;
        s.y1 = s.y0 + 2 * dy;
        s.depth_m = 2;
        s.width_px = width_px;
        const StreakImages by_rows = splat({&s, 1}, 120, 150, {});
        set_pixel_order(true);
        const StreakImages by_pixels = splat({&s, 1}, 120, 150, {});
        set_pixel_order(false);
        EXPECT_GT(sum(by_pixels.opacity), 0);
        EXPECT_TRUE(std::ranges::equal(by_rows.opacity.pixels(), by_pixels.opacity.pixels()))
            << width_px << " px wide, " << length_px << " long, " << degrees << " degrees";
      }
    }
  }
}

TEST(Streaks, NearSceneHidesThem) {
  Streak s;
  s.x0 = s.x1 = 20;
  s.y0 = 5;
  s.y1 = 30;
  s.width_px = 2;
  s.depth_m = 4;
  Image<float> depth(40, 40, 1);
  std::fill(depth.pixels().begin(), depth.pixels().end(), 3.0F);
  EXPECT_EQ(sum(splat({&s, 1}, 40, 40, depth.view()).opacity), 0);
  std::fill(depth.pixels().begin(), depth.pixels().end(), INFINITY);
  EXPECT_NEAR(sum(splat({&s, 1}, 40, 40, depth.view()).opacity), std::acos(-1), 0.03);
}

TEST(Streaks, ThreadsDoNotMatterSeedsDo) {
  const RainField field = still_rain(50, 0.5);
  const auto render = [&](std::uint64_t seed, std::uint32_t clip, double t) {
    const auto streaks = streaks_of(field, {seed, clip}, camera_720p(900), {0.02, 0.002, 4}, t);
    const Image<float> plane = splat(streaks, 360, 640, {}).opacity;
    return std::vector<float>(plane.pixels().begin(), plane.pixels().end());
  };
  set_thread_count(1);
  const auto one = render(7, 0, 2);
  set_thread_count(5);
  EXPECT_EQ(render(7, 0, 2), one);
  set_thread_count(0);
  EXPECT_NE(render(8, 0, 2), one);
  EXPECT_NE(render(7, 1, 2), one);
  EXPECT_NE(render(7, 0, 2.04), one);
}

TEST(Streaks, IdsDiffer) {
  std::set<std::uint64_t> ids;
  const auto streaks = streaks_of(still_rain(50, 0.5), {7, 0}, camera_720p(1290), {}, 0);
  for (const Streak& s : streaks) ids.insert(s.id);
  EXPECT_EQ(ids.size(), streaks.size());
  EXPECT_GT(ids.size(), 5000U);
}

}  // namespace
}  // namespace pluvia::synth
