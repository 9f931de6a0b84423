// SPDX-License-Identifier: Apache-2.0
// Scores of predicted layers on pictures small enough to count by hand, and the rules for nothing.
#include "eval/metrics/layer_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace pluvia {
namespace {

const ScoredLayer& row(Layer layer) {
  for (const ScoredLayer& one : scored_layers()) {
    if (one.layer == layer) return one;
  }
  throw std::out_of_range("no such layer");
}

double score(Layer layer, const std::string& key, const LayerTally& tally) {
  for (const LayerScore& one : row(layer).scores) {
    if (key == one.key) return one.of(tally);
  }
  throw std::out_of_range(key);
}

Image<std::uint8_t> strip(const std::vector<std::uint8_t>& values) {
  Image<std::uint8_t> image(1, static_cast<int>(values.size()), 1);
  std::copy(values.begin(), values.end(), image.pixels().begin());
  return image;
}

LayerTally tally(Layer layer, const std::vector<std::uint8_t>& claimed,
                 const std::vector<std::uint8_t>& truth) {
  return row(layer).tally(strip(claimed).view(), strip(truth).view());
}

TEST(LayerScores, MasksAreCutAt128AndCountedTogether) {
  // TP, FP, FN, neither, TP
  LayerTally all = tally(Layer::kMask, {128, 200, 127, 0, 255}, {255, 127, 128, 127, 128});
  EXPECT_EQ(all.sums, (std::array<double, 3>{2, 1, 1}));
  all += tally(Layer::kMask, {255, 0}, {255, 255});
  EXPECT_DOUBLE_EQ(score(Layer::kMask, "mask_iou", all), 3.0 / 6);
  EXPECT_DOUBLE_EQ(score(Layer::kMask, "mask_f1", all), 6.0 / 9);
  EXPECT_DOUBLE_EQ(score(Layer::kMask, "mask_precision", all), 3.0 / 4);
  EXPECT_DOUBLE_EQ(score(Layer::kMask, "mask_recall", all), 3.0 / 5);
}

TEST(LayerScores, MasksOfNothing) {
  const auto scores = [](const LayerTally& of) {
    std::vector<double> out;
    for (const LayerScore& one : row(Layer::kMask).scores) out.push_back(one.of(of));
    return out;  // IoU, F1, precision, recall
  };
  for (const double undefined : scores(tally(Layer::kMask, {0, 127}, {0, 3}))) {
    EXPECT_TRUE(std::isnan(undefined));
  }
  const std::vector<double> missed = scores(tally(Layer::kMask, {0, 0}, {255, 0}));
  EXPECT_EQ(missed[0], 0);
  EXPECT_EQ(missed[1], 0);
  EXPECT_TRUE(std::isnan(missed[2]));
  EXPECT_EQ(missed[3], 0);
  const std::vector<double> invented = scores(tally(Layer::kMask, {255, 0}, {0, 0}));
  EXPECT_EQ(invented[0], 0);
  EXPECT_EQ(invented[1], 0);
  EXPECT_EQ(invented[2], 0);
  EXPECT_TRUE(std::isnan(invented[3]));
}

TEST(LayerScores, Errors) {
  const LayerTally wrong = tally(Layer::kStreak, {0, 255, 10, 7}, {255, 0, 13, 7});
  EXPECT_DOUBLE_EQ(score(Layer::kStreak, "streak_mae", wrong), (255 + 255 + 3) / 4.0);
  const double mse = (2 * 255.0 * 255 + 9) / 4;
  EXPECT_DOUBLE_EQ(score(Layer::kStreak, "streak_psnr", wrong), 10 * std::log10(255 * 255 / mse));
  const LayerTally right = tally(Layer::kDrop, {1, 2}, {1, 2});
  EXPECT_EQ(score(Layer::kDrop, "drop_psnr", right), std::numeric_limits<double>::infinity());
}

TEST(LayerScores, KeysAreUnique) {
  std::vector<std::string> keys;
  for (const ScoredLayer& layer : scored_layers()) {
    for (const LayerScore& one : layer.scores) {
      EXPECT_EQ(std::string(one.key).rfind(std::string(spec(layer.layer).name) + "_", 0), 0U);
      EXPECT_EQ(std::count(keys.begin(), keys.end(), one.key), 0);
      keys.emplace_back(one.key);
    }
  }
  EXPECT_EQ(keys.size(), 7U);
}

}  // namespace
}  // namespace pluvia
