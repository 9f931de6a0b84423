// SPDX-License-Identifier: Apache-2.0
#include "eval/metrics/layer_scores.h"

#include <cmath>
#include <limits>

#include "core/error.h"

namespace pluvia {
namespace {

using Picture8 = ImageView<const std::uint8_t>;

constexpr int kDropFrom = 128;
constexpr double kPeak = 255;

void check_sizes(const Picture8& claimed, const Picture8& truth) {
  PLUVIA_CHECK(claimed.height() == truth.height() && claimed.width() == truth.width() &&
                   claimed.channels() == truth.channels(),
               claimed.height(), "x", claimed.width(), "x", claimed.channels(), " and ",
               truth.height(), "x", truth.width(), "x", truth.channels());
}

LayerTally mask_tally(Picture8 claimed, Picture8 truth) {
  check_sizes(claimed, truth);
  std::int64_t both = 0;
  std::int64_t only_claimed = 0;
  std::int64_t only_there = 0;
  for (int y = 0; y < truth.height(); ++y) {
    const auto ours = claimed.row(y);
    const auto real = truth.row(y);
    for (std::size_t i = 0; i < real.size(); ++i) {
      const bool said = ours[i] >= kDropFrom;
      const bool is = real[i] >= kDropFrom;
      both += said && is ? 1 : 0;
      only_claimed += said && !is ? 1 : 0;
      only_there += !said && is ? 1 : 0;
    }
  }
  return {{static_cast<double>(both), static_cast<double>(only_claimed),
           static_cast<double>(only_there)}};
}

LayerTally error_tally(Picture8 claimed, Picture8 truth) {
  check_sizes(claimed, truth);
  std::int64_t absolute = 0;
  std::int64_t squared = 0;
  std::int64_t samples = 0;
  for (int y = 0; y < truth.height(); ++y) {
    const auto ours = claimed.row(y);
    const auto real = truth.row(y);
    for (std::size_t i = 0; i < real.size(); ++i) {
      const int error = int{ours[i]} - int{real[i]};
      absolute += std::abs(error);
      squared += error * error;
    }
    samples += static_cast<std::int64_t>(real.size());
  }
  return {
      {static_cast<double>(absolute), static_cast<double>(squared), static_cast<double>(samples)}};
}

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

double iou(const LayerTally& tally) {
  const auto [tp, fp, fn] = tally.sums;
  return ratio(tp, tp + fp + fn);
}

double f1(const LayerTally& tally) {
  const auto [tp, fp, fn] = tally.sums;
  return ratio(2 * tp, 2 * tp + fp + fn);
}

double precision(const LayerTally& tally) {
  return ratio(tally.sums[0], tally.sums[0] + tally.sums[1]);
}

double recall(const LayerTally& tally) {
  return ratio(tally.sums[0], tally.sums[0] + tally.sums[2]);
}

double mean_absolute(const LayerTally& tally) { return ratio(tally.sums[0], tally.sums[2]); }

double psnr(const LayerTally& tally) {
  const double mse = ratio(tally.sums[1], tally.sums[2]);
  return mse == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(kPeak * kPeak / mse);
}

constexpr LayerScore kStreak[] = {
    {"streak_mae", "streak MAE", "/255", "mean absolute error of the streak map", false,
     mean_absolute},
    {"streak_psnr", "streak PSNR", "dB", "PSNR of the streak map, over a clip's pixels", true,
     psnr},
};

constexpr LayerScore kMask[] = {
    {"mask_iou", "mask IoU", "", "raindrop pixels claimed and there, of all claimed or there", true,
     iou},
    {"mask_f1", "mask F1", "", "harmonic mean of precision and recall of raindrop pixels", true,
     f1},
    {"mask_precision", "mask precision", "", "of the raindrop pixels claimed, those that are there",
     true, precision},
    {"mask_recall", "mask recall", "", "of the raindrop pixels there, those that are claimed", true,
     recall},
};

constexpr LayerScore kDrop[] = {
    {"drop_psnr", "stage-1 PSNR", "dB", "PSNR of the frame without streaks, drops still on it",
     true, psnr},
};

constexpr ScoredLayer kLayers[] = {
    {Layer::kMask, mask_tally, kMask, true},
    {Layer::kStreak, error_tally, kStreak, true},
    {Layer::kDrop, error_tally, kDrop, false},
};

}  // namespace

LayerTally& LayerTally::operator+=(const LayerTally& other) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += other.sums[i];
  return *this;
}

std::span<const ScoredLayer> scored_layers() { return kLayers; }

}  // namespace pluvia
