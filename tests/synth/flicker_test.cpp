// SPDX-License-Identifier: Apache-2.0
// The flicker of rain too fine to be drawn: its variance against rain that is drawn and against a
// plain sum, the texture's moments and correlation, the direction, and whole frames.
#include "synth/effects/flicker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "synth/effects/linear_light.h"
#include "synth/effects/streak_splat.h"
#include "synth/fall_speed.h"
#include "synth/rain_params.h"
#include "synth/renderer.h"

namespace pluvia::synth {
namespace {

const double kPi = std::acos(-1);

struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments moments_of(const std::vector<double>& values) {
  Moments m;
  for (const double v : values) m.mean += v / static_cast<double>(values.size());
  for (const double v : values) {
    m.variance += (v - m.mean) * (v - m.mean) / static_cast<double>(values.size() - 1);
  }
  return m;
}

TEST(Flicker, VarianceIsThatOfTheSameRainDrawn) {
  // Drops 0.25 to 0.5 pixels wide, drawn one by one: the variance of their opacity is the
  // difference between what flickers below 0.5 and below 0.25 pixels.
  const Lens lens{0.008, 0.0005, 0};
  RainField field;
  field.rate_mm_h = 40;
  field.min_width_px = 0.25;
  field.drift = 0;
  CameraState state;
  state.focal_px = 400;
  const Camera camera = Camera::of(state, 240, 320);
  std::vector<double> opacity;
  for (int frame = 0; frame < 12; ++frame) {
    std::vector<Streak> streaks;
    for (const Streak& s : streaks_of(field, {11, 0}, camera, lens, 0.5 * frame)) {
      if (s.width_px < 0.5F) streaks.push_back(s);
    }
    const StreakImages drawn = splat(streaks, 240, 320, {});
    for (const float o : drawn.opacity.pixels()) opacity.push_back(static_cast<double>(o));
  }
  const DropSizes sizes(40, 0);
  const auto variance = [&](double min_width_px) {
    const FlickerTable table(sizes, {1, 0, min_width_px, 400}, field.near_m, lens);
    const auto deviation = static_cast<double>(table.deviation(INFINITY));
    return deviation * deviation;
  };
  const double expected = variance(0.5) - variance(0.25);
  EXPECT_NEAR(moments_of(opacity).variance / expected, 1, 0.06);
}

TEST(Flicker, VarianceIsCampbellsSum) {
  const Lens lens{0.004, 0.001, 0};
  const DropSizes sizes(25, 0);
  const FlickerTable table(sizes, {1.5, 0, 1, 1290}, 0.5, lens);
  for (const double end_m : {5.0, 20.0, 100.0}) {
    double variance = 0;
    constexpr int kSteps = 600;
    for (int i = 0; i < kSteps; ++i) {
      const double z = 0.5 + (end_m - 0.5) * (i + 0.5) / kSteps;
      for (double d = 0.11; d < std::min(8.0, z / 1.29); d += 0.02) {
        const double width = 1290 * d * 1e-3 / z;
        const double blur = 1290 * 0.001 / z;
        const double sigma = std::sqrt((width * width + blur * blur) / 16 + 0.3025);
        const double length = 1290 * fall_speed_m_s(d) * 0.004 / z;
        const double area = 1.5 * kPi / 4 * width * width;
        const double density = sizes.n0() * std::exp(-sizes.lambda() * d);
        variance += area * area * z * z / (1290.0 * 1290) * density * 0.02 * (end_m - 0.5) /
                    kSteps /
                    (2 * std::sqrt(kPi) * sigma * std::hypot(length, std::sqrt(4 * kPi) * sigma));
      }
    }
    EXPECT_NEAR(
        static_cast<double>(table.deviation(static_cast<float>(end_m))) / std::sqrt(variance), 1,
        0.02)
        << end_m;
  }
  EXPECT_EQ(table.deviation(0), 0);
  double shares = 0;
  for (int k = 0; k < FlickerTable::kLengths; ++k) shares += table.share(k);
  EXPECT_NEAR(shares, 1, 1e-9);
}

TEST(Flicker, TextureHasUnitVarianceAndRunsAlong) {
  const FlickerTable table(DropSizes(25, 0), {1.5, 0, 0.5, 1290}, 0.5, {0.008, 0.001, 0});
  const std::vector<float> texture = flicker_texture(table, {3, 1});
  std::vector<double> values;
  double across = 0;
  double along = 0;
  const auto at = [&](int y, int x) {
    return static_cast<double>(texture[static_cast<std::size_t>(y * flicker_law::kStride + x)]);
  };
  for (int y = 0; y < flicker_law::kRows - 8; ++y) {
    for (int x = 0; x < flicker_law::kColumns - 4; ++x) {
      values.push_back(at(y, x));
      across += at(y, x) * at(y, x + 4);
      along += at(y, x) * at(y + 4, x);
    }
  }
  const Moments m = moments_of(values);
  const auto n = static_cast<double>(values.size());
  EXPECT_NEAR(m.mean, 0, 0.05);
  EXPECT_NEAR(m.variance, 1, 0.05);
  EXPECT_NEAR(across / n, 0, 0.05);
  double expected = 0;  // boxes of a length share 1 - 4 / length of it
  for (int k = 0; k < FlickerTable::kLengths; ++k) {
    expected += table.share(k) * std::max(0.0, 1 - 4.0 / (2 << k));
  }
  EXPECT_GT(expected, 0.1);
  EXPECT_NEAR(along / n, expected, 0.04);
  EXPECT_EQ(at(7, 3), at(7, 3 + flicker_law::kColumns));
}

TEST(Flicker, FollowsTheRain) {
  // Wind to the right, as fast as the drops fall: a column more to the side for each row.
  RainField field;
  field.rate_mm_h = 20;
  field.wind_m_s = {fall_speed_m_s(1.5), 0, 0};
  CameraState state;
  state.focal_px = 500;
  const Camera camera = Camera::of(state, 100, 128);
  const auto starts = flicker_starts(field, {1, 0}, camera, 2);
  ASSERT_EQ(starts.size(), 200U);
  for (std::size_t y = 1; y < 100; ++y) {
    const int column = starts[y] % flicker_law::kStride;
    const int before = starts[y - 1] % flicker_law::kStride;
    const int moved = (column - before + flicker_law::kColumns) % flicker_law::kColumns;
    ASSERT_LE(moved, 2) << y;
  }
  const int first = starts[0] % flicker_law::kStride;
  const int last = starts[99] % flicker_law::kStride;
  EXPECT_NEAR((last - first + flicker_law::kColumns) % flicker_law::kColumns, 99, 1);
  EXPECT_NE(flicker_starts(field, {1, 0}, camera, 2.04), starts);
  EXPECT_EQ(flicker_starts(field, {1, 0}, camera, 2), starts);
}

TEST(Flicker, ShowsInFramesAsItsFormulaSays) {
  // A bright sky over a black board 30 m away: what the board shows is airlight times opacity.
  Params params(rain_param_table());
  for (const auto& [name, value] : {std::pair{"rain_mm_h", "100"},
                                    {"drops", "0"},
                                    {"streaks", "false"},
                                    {"min_width_px", "1"},
                                    {"exposure_ms", "2"}}) {
    params.set(name, value);
  }
  const RainParams rain = RainParams::of(params);
  SceneFrame frame;
  frame.clean = Image<std::uint8_t>(256, 1280, 3);
  frame.depth_m = Image<float>(256, 1280, 1);
  frame.camera.focal_px = 1280;
  for (std::size_t i = 0; i < frame.depth_m.pixels().size(); ++i) {
    const bool sky = i < std::size_t{128 * 1280};
    frame.depth_m.pixels()[i] = sky ? INFINITY : 30;
    for (std::size_t c = 0; c < 3; ++c) frame.clean.pixels()[3 * i + c] = sky ? 255 : 0;
  }
  std::vector<double> light;
  for (int t = 0; t < 4; ++t) {
    frame.time_s = t / 25.0;
    const FrameLayers layers = RainRenderer(rain, 4, 0).render(frame);
    EXPECT_EQ(layers.of(Layer::kLq), layers.of(Layer::kDrop));
    const auto* const drop = reinterpret_cast<const std::uint8_t*>(layers.of(Layer::kDrop).data());
    for (std::size_t i = std::size_t{130 * 1280}; i < std::size_t{256 * 1280}; ++i) {
      light.push_back(static_cast<double>(light_of_code(drop[3 * i])));
    }
  }
  const VeilField fine{1.5, 0, 1, 1280};
  const DropSizes sizes(100, 0);
  const auto through = static_cast<double>(Veil(sizes, fine).transmission(30));
  const FlickerTable table(sizes, fine, rain.rain.near_m, rain.lens);
  const Moments m = moments_of(light);
  EXPECT_NEAR(m.mean, 1 - through, 0.03 * (1 - through));
  EXPECT_NEAR(std::sqrt(m.variance) / (through * static_cast<double>(table.deviation(30))), 1,
              0.08);
}

}  // namespace
}  // namespace pluvia::synth
