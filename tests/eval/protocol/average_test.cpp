// SPDX-License-Identifier: Apache-2.0
// Means of protocols, from errors that are placed by hand: pooled ones of the whole frame and of
// regions, and pictures that happen to lie in stacks.
#include <gtest/gtest.h>

#include <cmath>

#include "eval/protocol/score.h"

namespace pluvia {
namespace {

constexpr int kHeight = 6;
constexpr int kWidth = 10;

double decibels(double mse) { return 10 * std::log10(255.0 * 255.0 / mse); }

/// Flat frames; the columns left of `rainy` are rainy and off by `inside`, the others by `outside`.
struct Frame {
  int rainy = 0;
  int inside = 0;
  int outside = 0;

  double pixels_inside() const { return rainy * kHeight; }
  double pixels_outside() const { return (kWidth - rainy) * kHeight; }
  double error_inside() const { return pixels_inside() * inside * inside; }
  double error_outside() const { return pixels_outside() * outside * outside; }
};

FrameScores scored(const ProtocolScorer& scorer, const Frame& frame) {
  Image<std::uint8_t> truth(kHeight, kWidth, 3);
  Image<std::uint8_t> prediction(kHeight, kWidth, 3);
  Image<std::uint8_t> mask(kHeight, kWidth, 1);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      mask.view().at(y, x) = x < frame.rainy ? 255 : 0;
      for (int c = 0; c < 3; ++c) {
        truth.view().at(y, x, c) = 100;
        prediction.view().at(y, x, c) =
            static_cast<std::uint8_t>(100 + (x < frame.rainy ? frame.inside : frame.outside));
      }
    }
  }
  const Regions regions = make_regions({std::as_const(mask).view(), {}, {}, {}}, kHeight, kWidth);
  return scorer.score({"f",
                       {std::as_const(truth).view(), {}},
                       {std::as_const(prediction).view(), {}},
                       &regions,
                       {}});
}

ClipScores clip_of(const ProtocolScorer& scorer, const std::vector<Frame>& frames) {
  ClipScores clip;
  for (const Frame& frame : frames) clip.frames.push_back(scored(scorer, frame));
  return clip;
}

Protocol protocol_of(const std::string& average) {
  return parse_protocol(R"({"name":"t","title":"t","average":")" + average +
                            R"(","metrics":[{"metric":"psnr"},{"metric":"mae"}]})",
                        "test");
}

std::vector<std::string> region_list() { return region_names(true, false, false); }

const std::vector<Frame> kLong = {{2, 40, 1}, {5, 30, 2}, {9, 10, 0}};
const std::vector<Frame> kShort = {{1, 60, 3}};

TEST(Averages, PooledErrorsArePooledInRegionsToo) {
  const ProtocolScorer scorer(protocol_of("pooled-mse"));
  const std::vector<ClipScores> clips = {clip_of(scorer, kLong), clip_of(scorer, kShort)};
  const Summary summary = summarise(scorer, clips, region_list());
  double inside = 0, outside = 0, pixels_inside = 0, pixels_outside = 0;
  std::vector<Frame> all = kLong;
  all.insert(all.end(), kShort.begin(), kShort.end());
  for (const Frame& frame : all) {
    inside += frame.error_inside();
    outside += frame.error_outside();
    pixels_inside += frame.pixels_inside();
    pixels_outside += frame.pixels_outside();
  }
  const double whole = summary.mean.at("psnr");
  EXPECT_NEAR(whole, decibels((inside + outside) / (pixels_inside + pixels_outside)), 1e-9);
  EXPECT_NEAR(summary.mean.at("psnr_inside"), decibels(inside / pixels_inside), 1e-9);
  EXPECT_NEAR(summary.mean.at("psnr_outside"), decibels(outside / pixels_outside), 1e-9);
  EXPECT_LT(summary.mean.at("psnr_inside"), whole);
  EXPECT_GT(summary.mean.at("psnr_outside"), whole);
  // Other metrics stay means over frames.
  EXPECT_NEAR(summary.mean.at("mae_inside"), (40 + 30 + 10 + 60) / 4.0, 1e-9);
  // A clip alone is pooled likewise: its last frame has no error outside.
  EXPECT_NEAR(summary.clips[0].at("psnr_outside"), decibels((8.0 * 1 + 5 * 4) / (8 + 5 + 1)), 1e-9);
}

TEST(Averages, ARegionWithoutPixelsBringsNothing) {
  const ProtocolScorer scorer(protocol_of("pooled-mse"));
  const std::vector<ClipScores> clips = {clip_of(scorer, {{0, 0, 4}, {3, 20, 4}})};
  const Summary summary = summarise(scorer, clips, region_list());
  EXPECT_NEAR(summary.mean.at("psnr_inside"), decibels(400), 1e-9);
  EXPECT_TRUE(std::isnan(
      summarise(scorer, {clip_of(scorer, {{0, 0, 4}})}, region_list()).mean.at("psnr_inside")));
}

TEST(Averages, AnEqualFrameIsPooledWithItsErrorOfNothing) {
  const ProtocolScorer scorer(protocol_of("pooled-mse"));
  const std::vector<ClipScores> clips = {clip_of(scorer, {{5, 0, 0}, {5, 10, 10}})};
  EXPECT_NEAR(summarise(scorer, clips, {}).mean.at("psnr"), decibels(50), 1e-9);
}

TEST(Averages, PicturesOfStacksCountAlike) {
  const ProtocolScorer scorer(protocol_of("clips"));
  const std::vector<ClipScores> clips = {clip_of(scorer, kLong), clip_of(scorer, kShort)};
  double sum = 0;
  for (const ClipScores& clip : clips) {
    for (const FrameScores& frame : clip.frames) sum += frame.values[0];
  }
  EXPECT_NEAR(summarise(scorer, clips, {}, SetUnit::kPicture).mean.at("psnr"), sum / 4, 1e-12);
  const Summary of_clips = summarise(scorer, clips, {}, SetUnit::kClip);
  EXPECT_NEAR(of_clips.mean.at("psnr"),
              (of_clips.clips[0].at("psnr") + of_clips.clips[1].at("psnr")) / 2, 1e-12);
  EXPECT_GT(std::abs(of_clips.mean.at("psnr") - sum / 4), 0.1);
}

}  // namespace
}  // namespace pluvia
