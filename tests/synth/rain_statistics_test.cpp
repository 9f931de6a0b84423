// SPDX-License-Identifier: Apache-2.0
// What many drops and many frames add up to: sizes that are emitted, speeds from stationary and
// moving cameras, opacity from frame to frame, the veil over boards, drops against their mask.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "synth/effects/linear_light.h"
#include "synth/effects/streak_splat.h"
#include "synth/effects/streaks.h"
#include "synth/fall_speed.h"
#include "synth/rain_params.h"
#include "synth/renderer.h"
#include "tests/synth/still_rain.h"
#include "tests/synth/test_scene.h"

namespace pluvia::synth {
namespace {

TEST(RainStatistics, EmittedDropsFollowTheDistribution) {
  // All drops above 0.7 mm between 0.5 and 2 m of a wide camera, a million: chi-square over 20 bins
  // of equal share. 36.19 is exceeded with p = 0.01 at 19 degrees of freedom.
  constexpr int kBins = 20;
  constexpr double kFocalPx = 640;
  constexpr double kLeastMm = 0.7;
  const RainField field = still_rain(5, kLeastMm * 1e-3 * kFocalPx / 2);
  const Camera camera = camera_720p(kFocalPx);
  const Rainfall fall = Rainfall::of(field, kFocalPx);
  const double lambda = fall.sizes.lambda();
  const double start = std::exp(-lambda * kLeastMm);
  const double all = start - std::exp(-lambda * kLargestDropMm);
  std::vector<double> seen(kBins);
  double drops = 0;
  for (int t = 0; drops < 1e6; ++t) {
    for (const Streak& s : streaks_of(field, fall, {4, 0}, camera, {0.001, 0, 0}, 10.0 * t)) {
      const float x = (s.x0 + s.x1) / 2;
      const float y = (s.y0 + s.y1) / 2;
      if (s.depth_m < 0.5F || s.depth_m > 2 || s.diameter_mm < kLeastMm) continue;
      if (x < 0 || x >= 1280 || y < 0 || y >= 720) continue;
      const double share = (start - std::exp(-lambda * s.diameter_mm)) / all;
      ++seen[static_cast<std::size_t>(std::min(kBins - 1, static_cast<int>(share * kBins)))];
      ++drops;
    }
  }
  double chi_square = 0;
  for (const double n : seen) chi_square += std::pow(n - drops / kBins, 2) / (drops / kBins);
  EXPECT_LT(chi_square, 36.19);
}

/// Slope of fall speeds seen in the picture against Atlas's, and whether sideways every end falls
/// where a camera of that speed ahead must see it.
double speed_slope(double ahead_m_s) {
  constexpr double kFocalPx = 1000;
  constexpr double kExposureS = 0.004;
  Camera camera = camera_720p(kFocalPx);
  camera.velocity = {0, 0, -ahead_m_s};
  RainField field = still_rain(50, 1);
  field.near_m = 0.5;
  double products = 0;
  double squares = 0;
  for (int t = 0; t < 20; ++t) {
    for (const Streak& s : streaks_of(field, {2, 0}, camera, {kExposureS, 0.001, 0}, t)) {
      const double before = static_cast<double>(s.depth_m) + ahead_m_s * kExposureS / 2;
      const double after = static_cast<double>(s.depth_m) - ahead_m_s * kExposureS / 2;
      EXPECT_NEAR(static_cast<double>(s.x1) - 640,
                  (static_cast<double>(s.x0) - 640) * before / after, 0.1);
      const double fallen_m =
          ((static_cast<double>(s.y1) - 360) * after - (static_cast<double>(s.y0) - 360) * before) /
          kFocalPx;
      const double speed = fall_speed_m_s(s.diameter_mm);
      products += fallen_m / kExposureS * speed;
      squares += speed * speed;
    }
  }
  return products / squares;
}

TEST(RainStatistics, SpeedsSeenFromAStandingAndAMovingCamera) {
  EXPECT_NEAR(speed_slope(0), 1, 0.01);
  EXPECT_NEAR(speed_slope(20), 1, 0.01);
}

struct Frames {
  double mean = 0;
  std::vector<double> means;
  std::vector<Image<float>> first;
};

Frames opacity_of(const RainField& field, double focal_px, int frames, double step_s) {
  Frames out;
  const Rainfall fall = Rainfall::of(field, focal_px);
  for (int t = 0; t < frames; ++t) {
    const auto streaks =
        streaks_of(field, fall, {5, 0}, camera_720p(focal_px), {0.008, 0.001, 0}, t * step_s);
    Image<float> opacity = splat(streaks, 720, 1280, {}).opacity;
    double sum = 0;
    for (const float v : opacity.pixels()) sum += static_cast<double>(v);
    out.means.push_back(sum / (720 * 1280));
    out.mean += out.means.back() / frames;
    if (t < 2) out.first.push_back(std::move(opacity));
  }
  return out;
}

TEST(RainStatistics, MeanOpacityOfTheMap) {
  // (pi/4) N0 1e-9 f 6 / (Lambda^4 w), resolved drops only: 0.00257 / w with Marshall and Palmer's
  // N0.
  const RainField field = still_rain(25, 1);
  const DropSizes sizes(25, 0);
  const double expected =
      std::acos(-1) / 4 * sizes.n0() * 1e-9 * 1290 * 6 / std::pow(sizes.lambda(), 4);
  EXPECT_NEAR(opacity_of(field, 1290, 200, 0.5).mean / expected, 1, 0.03);
}

TEST(RainStatistics, FramesAreIndependentAndNothingPops) {
  RainField field = still_rain(50, 0.5);
  field.near_m = 2;  // nearer drops are too few for a deviation
  const Frames frames = opacity_of(field, 1290, 60, 0.04);
  double deviation = 0;
  for (const double mean : frames.means) deviation += std::pow(mean - frames.mean, 2) / 60;
  deviation = std::sqrt(deviation);
  for (std::size_t t = 1; t < frames.means.size(); ++t) {
    EXPECT_LT(std::abs(frames.means[t] - frames.means[t - 1]), 3 * std::sqrt(2.0) * deviation) << t;
  }
  double product = 0;
  double squares[2] = {};
  for (std::size_t i = 0; i < 720U * 1280; ++i) {
    const double a = static_cast<double>(frames.first[0].pixels()[i]) - frames.means[0];
    const double b = static_cast<double>(frames.first[1].pixels()[i]) - frames.means[1];
    product += a * b;
    squares[0] += a * a;
    squares[1] += b * b;
  }
  EXPECT_NEAR(product / std::sqrt(squares[0] * squares[1]), 0, 0.02);
}

RainRenderer renderer(std::initializer_list<std::pair<const char*, const char*>> settings,
                      bool vrds = false) {
  Params params = vrds ? vrds_look() : Params(rain_param_table());
  for (const auto& [name, value] : settings) params.set(name, value);
  return RainRenderer(RainParams::of(params), 3, 0);
}

TEST(RainStatistics, VeilOverBoards) {
  // Boards with every code at one distance: the slope of their light behind the veil over their
  // light is exp(-tau). Mist makes it measurable in 8 bits.
  const std::pair<float, const char*> boards[] = {
      {10.0F, "30"}, {50.0F, "10"}, {200.0F, "3"}, {500.0F, "1"}};
  for (const auto& [board_m, mist_per_km] : boards) {
    const RainRenderer rain = renderer({{"formation", "physical"},
                                        {"rain_mm_h", "50"},
                                        {"mist_per_km", mist_per_km},
                                        {"streaks", "false"},
                                        {"drops", "0"}});
    const Veil veil(DropSizes(50, 0), {1.5, std::stod(mist_per_km), 0.5 * 256 / 1280, 256});
    SceneFrame frame;
    frame.camera.focal_px = 256;
    frame.clean = Image<std::uint8_t>(192, 256, 3);
    frame.depth_m = Image<float>(192, 256, 1);
    std::fill(frame.depth_m.pixels().begin(), frame.depth_m.pixels().end(), board_m);
    for (std::size_t i = 0; i < frame.clean.pixels().size(); ++i) {
      frame.clean.pixels()[i] = static_cast<std::uint8_t>(i / 3 % 256);
    }
    const FrameLayers layers = rain.render(frame);
    double sums[4] = {};  // x, y, xx, xy
    for (std::size_t i = 0; i < frame.clean.pixels().size(); ++i) {
      const auto x = static_cast<double>(light_of_code(frame.clean.pixels()[i]));
      const auto y =
          static_cast<double>(light_of_code(std::to_integer<int>(layers.of(Layer::kDrop)[i])));
      sums[0] += x, sums[1] += y, sums[2] += x * x, sums[3] += x * y;
    }
    const auto n = static_cast<double>(frame.clean.pixels().size());
    const double slope = (sums[3] - sums[0] * sums[1] / n) / (sums[2] - sums[0] * sums[0] / n);
    EXPECT_NEAR(std::log(slope) / std::log(static_cast<double>(veil.transmission(board_m))), 1,
                0.01)
        << board_m;
  }
}

TEST(RainStatistics, DropsChangeWhatTheirMaskCovers) {
  const SceneFrame frame = street_like(360, 640, 1);
  for (const bool vrds : {false, true}) {
    const FrameLayers layers = renderer({{"veil", "false"}}, vrds).render(frame);
    int outside = 0;
    int half_covered = 0;
    int shown = 0;
    for (std::size_t p = 0; p < 360U * 640; ++p) {
      bool changed = false;
      for (std::size_t i = 3 * p; i < 3 * p + 3; ++i) {
        changed = changed || layers.of(Layer::kDrop)[i] != layers.of(Layer::kGt)[i];
      }
      const int mask = std::to_integer<int>(layers.of(Layer::kMask)[p]);
      outside += changed && mask == 0 ? 1 : 0;
      half_covered += mask >= 128 ? 1 : 0;
      shown += changed && mask >= 128 ? 1 : 0;
    }
    EXPECT_EQ(outside, 0);
    EXPECT_GT(half_covered, 5000);
    EXPECT_GT(shown, 0.97 * half_covered) << (vrds ? "vrds" : "physical");
  }
}

}  // namespace
}  // namespace pluvia::synth
