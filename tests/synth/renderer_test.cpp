// SPDX-License-Identifier: Apache-2.0
// Whole frames: the formations' rules, identity without rain, sizes, threads, seeds, bad input, and
// the statistics that the look of VRDS is held to.
#include "synth/renderer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/parallel.h"
#include "synth/rain_params.h"
#include "tests/synth/test_scene.h"

namespace pluvia::synth {
namespace {

std::span<const std::uint8_t> bytes(const FrameLayers& layers, Layer layer) {
  const auto& data = layers.of(layer);
  return {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()};
}

std::vector<int> signed_of(const FrameLayers& layers) {
  const auto& data = layers.of(Layer::kStreakRgb);
  std::vector<std::int16_t> values(data.size() / 2);
  if (!data.empty()) std::memcpy(values.data(), data.data(), data.size());
  return {values.begin(), values.end()};
}

void expect_rules(const FrameLayers& layers, bool physical, std::size_t pixels) {
  const auto lq = bytes(layers, Layer::kLq);
  const auto gt = bytes(layers, Layer::kGt);
  const auto drop = bytes(layers, Layer::kDrop);
  const auto mask = bytes(layers, Layer::kMask);
  const auto streak = bytes(layers, Layer::kStreak);
  ASSERT_EQ(lq.size(), 3 * pixels);
  ASSERT_EQ(gt.size(), 3 * pixels);
  ASSERT_EQ(drop.size(), 3 * pixels);
  ASSERT_EQ(mask.size(), pixels);
  ASSERT_EQ(streak.size(), pixels);
  const std::vector<int> rgb = signed_of(layers);
  ASSERT_EQ(rgb.size(), physical ? 3 * pixels : 0);
  std::size_t broken = 0;
  for (std::size_t p = 0; p < pixels; ++p) {
    int most = 0;
    for (std::size_t i = 3 * p; i < 3 * p + 3; ++i) {
      if (physical) {
        most = std::max(most, rgb[i]);
        broken += lq[i] != drop[i] + rgb[i] ? 1 : 0;
      } else {
        broken += lq[i] != std::min(255, drop[i] + streak[p]) ? 1 : 0;
        broken += mask[p] == 0 && drop[i] != gt[i] ? 1 : 0;
      }
    }
    if (physical) broken += streak[p] != most ? 1 : 0;
  }
  EXPECT_EQ(broken, 0U);
}

Params physical_look() {
  Params params(rain_param_table());
  params.set("noise_shot", "0.001");
  params.set("noise_read", "0.003");
  return params;
}

RainRenderer renderer(const Params& params, std::uint64_t seed = 1, std::uint32_t clip = 0) {
  return RainRenderer(RainParams::of(params), seed, clip);
}

TEST(Renderer, FormationsHoldAtEverySize) {
  const int sizes[][2] = {{1, 1},    {1, 7},   {5, 1},     {3, 2},    {1000, 1},
                          {1, 1000}, {63, 65}, {129, 201}, {360, 640}};
  for (const auto& size : sizes) {
    const SceneFrame frame = street_like(size[0], size[1], 1.2);
    const auto pixels = static_cast<std::size_t>(size[0] * size[1]);
    expect_rules(renderer(vrds_look()).render(frame), false, pixels);
    expect_rules(renderer(physical_look()).render(frame), true, pixels);
  }
}

TEST(Renderer, WithoutRainNothingChanges) {
  for (Params params : {vrds_look(), physical_look()}) {
    params.set("rain_mm_h", "0");
    params.set("drops", "0");
    const SceneFrame frame = street_like(120, 161, 0.4);
    const FrameLayers layers = renderer(params).render(frame);
    EXPECT_EQ(layers.of(Layer::kLq), layers.of(Layer::kGt));
    EXPECT_EQ(layers.of(Layer::kDrop), layers.of(Layer::kGt));
    const auto gt = bytes(layers, Layer::kGt);
    EXPECT_TRUE(std::equal(gt.begin(), gt.end(), frame.clean.pixels().begin()));
    for (const Layer layer : {Layer::kMask, Layer::kStreak}) {
      for (const std::uint8_t v : bytes(layers, layer)) ASSERT_EQ(v, 0);
    }
  }
}

TEST(Renderer, ThreadsAndOrderDoNotMatterSeedsDo) {
  for (const Params& params : {vrds_look(), physical_look()}) {
    const SceneFrame frame = street_like(180, 320, 2);
    const SceneFrame other = street_like(180, 320, 0.04);
    set_thread_count(1);
    const FrameLayers one = renderer(params).render(frame);
    set_thread_count(5);
    const RainRenderer again = renderer(params);
    const FrameLayers before = again.render(other);
    EXPECT_EQ(again.render(frame).data, one.data);
    set_thread_count(0);
    EXPECT_NE(before.of(Layer::kLq), one.of(Layer::kLq));
    for (const RainRenderer& next : {renderer(params, 2, 0), renderer(params, 1, 1)}) {
      const FrameLayers layers = next.render(frame);
      EXPECT_EQ(layers.of(Layer::kGt), one.of(Layer::kGt));
      EXPECT_NE(layers.of(Layer::kStreak), one.of(Layer::kStreak));
      EXPECT_NE(layers.of(Layer::kMask), one.of(Layer::kMask));
    }
  }
}

TEST(Renderer, VrdsLook) {
  for (std::uint32_t clip = 0; clip < 3; ++clip) {
    const SceneFrame frame = street_like(360, 640, 1);
    const FrameLayers layers = renderer(vrds_look(), 20, clip).render(frame);
    const auto lq = bytes(layers, Layer::kLq);
    const auto gt = bytes(layers, Layer::kGt);
    const auto mask = bytes(layers, Layer::kMask);
    double square = 0;
    double lift = 0;
    for (std::size_t i = 0; i < lq.size(); ++i) {
      square += (lq[i] - gt[i]) * (lq[i] - gt[i]);
      lift += lq[i] - gt[i];
    }
    const auto n = static_cast<double>(lq.size());
    const double psnr = 10 * std::log10(255 * 255 * n / square);
    EXPECT_GE(psnr, 12);
    EXPECT_LE(psnr, 17);
    EXPECT_GE(lift / n, 25);
    EXPECT_LE(lift / n, 55);
    double covered = 0;
    for (const std::uint8_t m : mask) covered += m >= 128 ? 1 : 0;
    covered /= static_cast<double>(mask.size());
    EXPECT_GE(covered, 0.01);
    EXPECT_LE(covered, 0.15);
  }
}

TEST(Renderer, VrdsStreaksLeanLittleAndCross) {
  const RainParams params = RainParams::of(vrds_look());
  const Camera camera = Camera::of({}, 720, 1280);
  int left = 0;
  int right = 0;
  int steep = 0;
  int all = 0;
  for (const Streak& s : streaks_of(params.rain, {3, 0}, camera, params.lens, 1)) {
    const double degrees =
        std::atan2(static_cast<double>(s.x1 - s.x0), static_cast<double>(s.y1 - s.y0)) * 180 /
        std::acos(-1);
    ++all;
    steep += std::abs(degrees) <= 13 ? 1 : 0;
    left += degrees < -2 ? 1 : 0;
    right += degrees > 2 ? 1 : 0;
  }
  EXPECT_GT(all, 1000);
  EXPECT_GT(steep, 0.95 * all);
  EXPECT_GT(left, 0.15 * all);
  EXPECT_GT(right, 0.15 * all);
}

TEST(Renderer, PhysicalRainIsFaint) {
  Params params(rain_param_table());
  params.set("drops", "0");
  const FrameLayers layers = renderer(params).render(street_like(360, 640, 1));
  double sum = 0;
  const auto streak = bytes(layers, Layer::kStreak);
  for (const std::uint8_t v : streak) sum += v;
  const double mean = sum / static_cast<double>(streak.size());
  EXPECT_GT(mean, 0.01);
  EXPECT_LT(mean, 2);
}

TEST(Renderer, BadInputIsRefused) {
  const RainRenderer rain = renderer(vrds_look());
  SceneFrame grey;
  grey.clean = Image<std::uint8_t>(4, 4, 1);
  EXPECT_THROW(rain.render(grey), Error);
  EXPECT_THROW(rain.render({}), Error);
  SceneFrame frame = street_like(8, 9, 0);
  frame.depth_m = Image<float>(8, 8, 1);
  EXPECT_THROW(rain.render(frame), Error);
  frame = street_like(8, 9, 0);
  frame.time_s = NAN;
  EXPECT_THROW(rain.render(frame), Error);
  frame = street_like(64, 64, 0);
  frame.depth_m = Image<float>(64, 64, 1);
  std::fill(frame.depth_m.pixels().begin(), frame.depth_m.pixels().end(), NAN);
  expect_rules(rain.render(frame), false, 64 * 64);
  frame.camera.position_m = {1e300, 0, 0};
  EXPECT_THROW(rain.render(frame), Error);
  frame = street_like(64, 64, 0);
  frame.camera.velocity_m_s = {0, NAN, 0};
  EXPECT_THROW(rain.render(frame), Error);
  frame = street_like(64, 64, 0);
  frame.camera.orientation = {0, 0, 0, 0};
  EXPECT_THROW(rain.render(frame), Error);
  frame = street_like(64, 64, 0);
  for (const double focal_px : {-5.0, 1e-3, 1e9, static_cast<double>(INFINITY)}) {
    frame.camera.focal_px = focal_px;
    EXPECT_THROW(rain.render(frame), Error) << focal_px;
  }
  Params params = vrds_look();
  params.set("drop_least_mm", "5");
  EXPECT_THROW(RainParams::of(params), Error);
}

}  // namespace
}  // namespace pluvia::synth
