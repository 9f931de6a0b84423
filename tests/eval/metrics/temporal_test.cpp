// SPDX-License-Identifier: Apache-2.0
// Scores of clips on motion that is known exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "eval/metrics/clip_statistics.h"
#include "eval/metrics/flow_memory.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/optical_flow.h"

namespace pluvia {
namespace {

constexpr int kH = 72;
constexpr int kW = 96;

// Frame t of a smooth scene that moves by (-2, -1) pixels a frame.
Image<double> moving(int t, double noise = 0) {
  Image<double> image(kH, kW, 3);
  std::uint32_t i = 0;
  for (int y = 0; y < kH; ++y) {
    for (int x = 0; x < kW; ++x) {
      for (int c = 0; c < 3; ++c, ++i) {
        const double u = x + 2 * t;
        const double v = y + t;
        const Random random{.seed = 8, .frame = static_cast<std::uint32_t>(t), .particle = i};
        image.view().at(y, x, c) = 128 + 50 * std::sin(u * 0.21 + c) * std::cos(v * 0.16) +
                                   25 * std::sin(u * 0.06 - v * 0.11) + noise * random.normal(0);
      }
    }
  }
  return image;
}

MetricInput input_of(const Image<double>& a, const Image<double>& b) {
  MetricInput input;
  input.reference = a.view();
  input.prediction = b.view();
  return input;
}

/// Which frames come with their motion to the next.
enum class Flow { kNone, kAll, kEverySecond };

double warping_error(Flow given, double noise) {
  Image<float> flow(kH, kW, 2);
  for (std::size_t i = 0; i < flow.pixels().size(); ++i) flow.pixels()[i] = i % 2 == 0 ? -2 : -1;
  const Metric& metric = metric_by_name("warping_error");
  const auto clip = metric.clips(Params(metric.params));
  for (int t = 0; t < 4; ++t) {
    const Image<double> reference = moving(t);
    const Image<double> prediction = moving(t, noise);
    MetricInput input = input_of(reference, prediction);
    if (given == Flow::kAll || (given == Flow::kEverySecond && t % 2 == 0)) {
      input.flow = flow.view();
    }
    clip->add(input);
  }
  return clip->score();
}

TEST(WarpingError, IsNothingAlongTheTrueMotion) {
  EXPECT_NEAR(warping_error(Flow::kAll, 0), 0, 1e-20);
}

// Independent noise of both frames adds up.
TEST(WarpingError, OfNoiseIsTwiceItsVariance) {
  EXPECT_NEAR(warping_error(Flow::kAll, 5), 2 * 25 / 255.0 / 255.0, 2e-5);
}

TEST(WarpingError, EstimatedMotionIsCloseToTheTrueOne) {
  EXPECT_LT(warping_error(Flow::kNone, 0), 1e-4);
  EXPECT_GT(warping_error(Flow::kNone, 5), 5e-4);
}

// Of three pairs one is estimated: its error is what is left.
TEST(WarpingError, GivenAndEstimatedMotionMayTakeTurns) {
  const double mixed = warping_error(Flow::kEverySecond, 0);
  EXPECT_GT(mixed, 1e-20);
  EXPECT_LT(mixed, 1e-4 / 3);
}

TEST(OpticalFlow, FindsAKnownShift) {
  const Image<double> a = flow_plane(moving(0).view());
  const Image<double> b = flow_plane(moving(1).view());
  const Image<float> flow = optical_flow(FlowPicture(a.view()), FlowPicture(b.view()));
  double error = 0;
  int count = 0;
  for (int y = 12; y < kH - 12; ++y) {
    for (int x = 12; x < kW - 12; ++x, ++count) {
      error += std::hypot(double{flow.view().at(y, x, 0)} + 2, double{flow.view().at(y, x, 1)} + 1);
    }
  }
  EXPECT_LT(error / count, 0.1);
}

TEST(OpticalFlow, DoesNotDependOnThreads) {
  const auto flow = [](int threads) {
    set_thread_count(threads);
    const FlowPicture a(flow_plane(moving(0, 9).view()).view());
    const FlowPicture b(flow_plane(moving(1, 9).view()).view());
    Image<float> out = optical_flow(a, b);
    set_thread_count(0);
    return out;
  };
  const Image<float> one = flow(1);
  for (const int threads : {2, 5}) {
    EXPECT_TRUE(std::ranges::equal(one.pixels(), flow(threads).pixels())) << threads;
  }
}

TEST(FlowMemory, RemembersWhatIsHeld) {
  FlowMemory memory;
  const Image<double> plane = flow_plane(moving(0).view());
  const Image<double> other = flow_plane(moving(1).view());
  const auto a = memory.picture(plane.view());
  EXPECT_EQ(a, memory.picture(plane.clone().view()));
  auto b = memory.picture(other.view());
  EXPECT_NE(a, b);
  const auto there = memory.flow(a, b);
  EXPECT_EQ(there, memory.flow(a, b));
  EXPECT_NE(there, memory.flow(b, a));
  EXPECT_EQ(memory.worked_out(), 2);
  EXPECT_TRUE(std::ranges::equal(there->pixels(), optical_flow(*a, *b).pixels()));
  b = nullptr;
  b = memory.picture(other.view());
  EXPECT_TRUE(std::ranges::equal(there->pixels(), memory.flow(a, b)->pixels()));
  EXPECT_EQ(memory.worked_out(), 3) << "nobody held the picture";
}

// Three pairs, of each the reference's motion there and back and the prediction's.
TEST(FlowMemory, ScoresOfAClipShareIt) {
  std::vector<std::pair<std::unique_ptr<ClipScorer>, std::unique_ptr<ClipScorer>>> scorers;
  for (const char* text : {"tof", "warping_error", "warping_error of=reference"}) {
    const std::string name = std::string(text).substr(0, std::string(text).find(' '));
    const Metric& metric = metric_by_name(name);
    Params params(metric.params);
    if (name != text) params.set("of", "reference");
    scorers.emplace_back(metric.clips(params), metric.clips(params));
  }
  FlowMemory memory;
  for (int t = 0; t < 4; ++t) {
    const Image<double> reference = moving(t);
    const Image<double> prediction = moving(t, 5);
    MetricInput input = input_of(reference, prediction);
    for (auto& [alone, sharing] : scorers) {
      input.flows = nullptr;
      alone->add(input);
      input.flows = &memory;
      sharing->add(input);
    }
  }
  for (const auto& [alone, sharing] : scorers) EXPECT_EQ(alone->score(), sharing->score());
  EXPECT_EQ(memory.worked_out(), 9);
}

TEST(Temporal, FramesOfOtherSizesAreRefused) {
  const Image<double> first = moving(0);
  for (const int height : {kH - 8, kH + 8}) {
    Image<double> other(height, kW, 3);
    std::fill(other.pixels().begin(), other.pixels().end(), 100.0);
    for (const char* name : {"tof", "warping_error", "temporal_difference"}) {
      const Metric& metric = metric_by_name(name);
      const auto clip = metric.clips(Params(metric.params));
      clip->add(input_of(first, first));
      EXPECT_THROW(clip->add(input_of(other, other)), Error) << name;
    }
  }
}

TEST(Tof, MeasuresAWrongMotion) {
  const Metric& metric = metric_by_name("tof");
  const auto clip = metric.clips(Params(metric.params));
  for (int t = 0; t < 3; ++t) {
    const Image<double> reference = moving(t);
    const Image<double> still = moving(0);
    clip->add(input_of(reference, still));
  }
  EXPECT_NEAR(clip->score(), std::sqrt(5.0), 0.5);
}

TEST(TemporalDifference, ByHand) {
  const Metric& metric = metric_by_name("temporal_difference");
  const auto clip = metric.clips(Params(metric.params));
  EXPECT_TRUE(std::isnan(clip->score()));
  for (const double offset : {0.0, 3.0, 3.0}) {
    const Image<double> reference = moving(0);
    Image<double> prediction = moving(0);
    for (double& v : prediction.pixels()) v += offset;
    clip->add(input_of(reference, prediction));
  }
  EXPECT_NEAR(clip->score(), 4.5, 1e-12);  // 9 for the first step, 0 for the second
}

TEST(ClipStatistic, ByHand) {
  const std::vector<double> values = {1, 4, 2, 5};
  EXPECT_NEAR(clip_statistic(values, "std"), std::sqrt(2.5), 1e-15);
  EXPECT_NEAR(clip_statistic(values, "step"), 8.0 / 3, 1e-15);
  EXPECT_EQ(clip_statistic(values, "min"), 1);
  EXPECT_NEAR(clip_statistic(values, "p5"), 1.15, 1e-15);
  EXPECT_TRUE(std::isnan(clip_statistic({1}, "std")));
  EXPECT_TRUE(std::isnan(clip_statistic({}, "min")));
}

TEST(PsnrVariation, LowestFramesAreBetterHigherAndSteadyOnesLower) {
  const Metric& metric = metric_by_name("psnr_variation");
  ASSERT_NE(metric.higher_is_better_with, nullptr);
  for (const auto& [statistic, higher] :
       {std::pair{"std", false}, {"step", false}, {"min", true}, {"p5", true}}) {
    Params params(metric.params);
    params.set("statistic", statistic);
    EXPECT_EQ(metric.higher_is_better_with(params), higher) << statistic;
    std::vector<double> scores;
    for (const double noise : {4.0, 16.0}) {  // in the last frame only
      const auto clip = metric.clips(params);
      for (int t = 0; t < 4; ++t) {
        const Image<double> reference = moving(t);
        const Image<double> prediction = moving(t, t == 3 ? noise : 2);
        clip->add(input_of(reference, prediction));
      }
      scores.push_back(clip->score());
    }
    EXPECT_EQ(scores[0] > scores[1], higher) << statistic;
  }
}

}  // namespace
}  // namespace pluvia
