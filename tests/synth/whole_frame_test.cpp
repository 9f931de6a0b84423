// SPDX-License-Identifier: Apache-2.0
// Whole frames against what physics says of them: a white furnace, depths that mean nothing, a sky
// that the veil must not grey; and a very large one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "synth/rain_params.h"
#include "synth/renderer.h"
#include "tests/synth/test_scene.h"

namespace pluvia::synth {
namespace {

using Settings = std::vector<std::pair<const char*, const char*>>;

RainParams params_of(const Settings& settings) {
  Params params(rain_param_table());
  for (const auto& [name, value] : settings) params.set(name, value);
  return RainParams::of(params);
}

SceneFrame even_frame(int height, int width, std::uint8_t code) {
  SceneFrame frame;
  frame.clean = Image<std::uint8_t>(height, width, 3);
  std::fill(frame.clean.pixels().begin(), frame.clean.pixels().end(), code);
  frame.camera.focal_px = width;
  frame.time_s = 1;
  return frame;
}

std::span<const std::uint8_t> bytes(const FrameLayers& layers, Layer layer) {
  const auto& data = layers.of(layer);
  return {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()};
}

TEST(WholeFrame, WhiteFurnace) {
  // Light that is the same from everywhere stays it: behind the veil to the last code, through
  // falling drops but for the 0.9 % that their split of the light leaves (opacity 1 at most: 1 code
  // of 188), through drops on the pane but for what their faces send back.
  const SceneFrame frame = even_frame(180, 320, 188);
  const Settings rain{{"formation", "physical"}, {"rain_mm_h", "150"},    {"mist_per_km", "5"},
                      {"sky_gain", "1"},         {"streak_variety", "0"}, {"oscillation", "0"}};
  Settings dry = rain;
  dry.emplace_back("drops", "0");
  const FrameLayers bare = RainRenderer(params_of(dry), 3, 0).render(frame);
  for (const std::uint8_t v : bytes(bare, Layer::kDrop)) ASSERT_EQ(v, 188);
  for (const std::uint8_t v : bytes(bare, Layer::kLq)) ASSERT_NEAR(v, 188, 1);
  const FrameLayers wet = RainRenderer(params_of(rain), 3, 0).render(frame);
  const auto mask = bytes(wet, Layer::kMask);
  const auto drop = bytes(wet, Layer::kDrop);
  int covered = 0;
  double shown = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] == 0) {
      ASSERT_NEAR(drop[3 * i], 188, 1);
    }
    ASSERT_LE(drop[3 * i], 188);
    covered += mask[i] == 255 ? 1 : 0;
    shown += mask[i] == 255 ? drop[3 * i] : 0;
  }
  ASSERT_GT(covered, 100);
  // Two flat faces pass 0.96 of the light, which is 185 of 188; steep rims less.
  EXPECT_GT(shown / covered, 165);
  EXPECT_LT(shown / covered, 187);
}

TEST(WholeFrame, DepthsThatMeanNothingAreFar) {
  SceneFrame odd = even_frame(90, 160, 100);
  odd.depth_m = Image<float>(90, 160, 1);
  SceneFrame far = even_frame(90, 160, 100);
  far.depth_m = Image<float>(90, 160, 1);
  const float nothing[] = {NAN, 0, -3, -INFINITY, INFINITY};
  for (std::size_t i = 0; i < odd.depth_m.pixels().size(); ++i) {
    const bool near = i % 7 == 0;
    far.depth_m.pixels()[i] = near ? 12.0F : INFINITY;
    odd.depth_m.pixels()[i] = near ? 12.0F : nothing[i % 5];
  }
  const RainRenderer rain(params_of({{"formation", "physical"}, {"rain_mm_h", "60"}}), 1, 0);
  const FrameLayers a = rain.render(odd);
  const FrameLayers b = rain.render(far);
  for (const Layer layer : rain.layers().list()) EXPECT_EQ(a.of(layer), b.of(layer));
}

TEST(WholeFrame, VeilLeavesABrightSkyBright) {
  SceneFrame frame = even_frame(180, 320, 60);
  for (int y = 0; y < 45; ++y) {  // sky over half of the upper half, houses below
    for (std::uint8_t& v : frame.clean.view().row(y)) v = 240;
  }
  const Settings rain{{"formation", "physical"},
                      {"rain_mm_h", "100"},
                      {"mist_per_km", "3"},
                      {"streaks", "false"},
                      {"drops", "0"}};
  const FrameLayers layers = RainRenderer(params_of(rain), 1, 0).render(frame);
  const auto drop = bytes(layers, Layer::kDrop);
  for (std::size_t i = 0; i < 40U * 320 * 3; ++i) ASSERT_NEAR(drop[i], 240, 1);
  EXPECT_GT(drop[drop.size() / 2], 60);  // and it does veil what is dark
}

/// Most memory that the process has held, in MiB; 0 where the system does not say.
double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

TEST(WholeFrame, EightThousandPixelsWide) {
  const SceneFrame frame = street_like(4320, 7680, 1);
  const double before = peak_mib();
  for (const char* formation : {"physical", "vrds"}) {
    const RainRenderer rain(
        params_of({{"formation", formation}, {"min_width_px", "1"}, {"drops", "20"}}), 1, 0);
    FrameLayers layers;
    rain.render_into(frame, {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop},
                     layers);
    const auto gt = bytes(layers, Layer::kGt);
    ASSERT_EQ(gt.size(), 3U * 4320 * 7680);
    EXPECT_EQ(std::memcmp(gt.data(), frame.clean.pixels().data(), gt.size()), 0);
    const auto streak = bytes(layers, Layer::kStreak);
    EXPECT_GT(*std::max_element(streak.begin(), streak.end()), 0);
    const auto mask = bytes(layers, Layer::kMask);
    EXPECT_EQ(*std::max_element(mask.begin(), mask.end()), 255);
  }
  // 11 bytes a pixel of layers, 8 of streaks, 7 planes of floats of a pane, twice, and a pyramid.
  EXPECT_LT(peak_mib() - before, 120.0 * 4320 * 7680 / (1 << 20));
}

}  // namespace
}  // namespace pluvia::synth
