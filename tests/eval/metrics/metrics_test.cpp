// SPDX-License-Identifier: Apache-2.0
// What every metric of the table must do, before its author writes a test of its own.
#include "eval/metrics/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "eval/metrics/niqe_model.h"
#include "tests/support/temp_dir.h"

namespace pluvia {
namespace {

constexpr int kHeight = 192;
constexpr int kWidth = 208;

// A scene with texture at several scales, the same for equal seeds; noise of its own per frame.
Image<double> scene(int channels, double noise, std::uint32_t frame = 0) {
  Image<double> image(kHeight, kWidth, channels);
  std::uint32_t i = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      for (int c = 0; c < channels; ++c, ++i) {
        const Random texture{.seed = 5, .particle = i};
        const Random grain{.seed = 6, .frame = frame, .particle = i};
        image.view().at(y, x, c) = 120 + 40 * std::sin(x * 0.11 + c) + 30 * std::cos(y * 0.07) +
                                   6 * texture.normal(0) + noise * grain.normal(0);
      }
    }
  }
  return image;
}

Image<std::uint8_t> mask_of(std::uint8_t value) {
  Image<std::uint8_t> mask(kHeight, kWidth, 1);
  std::fill(mask.pixels().begin(), mask.pixels().end(), value);
  return mask;
}

MetricInput input_of(const Image<double>& a, const Image<double>& b,
                     const Image<std::uint8_t>* mask = nullptr) {
  MetricInput input;
  input.reference = a.view();
  input.prediction = b.view();
  if (mask != nullptr) input.mask = mask->view();
  return input;
}

// NIQE's parameters, fitted to scenes without noise.
const std::string& niqe_model_path() {
  static const test::TempDir kDir;
  static const std::string kPath = [] {
    NiqeFit fit;
    for (std::uint32_t i = 0; fit.blocks() < 60; ++i) fit.add(scene(1, 0.5, i).view());
    const std::string path = (kDir / "model.npz").string();
    write_niqe_model(path, fit.model());
    return path;
  }();
  return kPath;
}

class EveryMetric : public testing::TestWithParam<Metric> {
 protected:
  const Metric& metric() const { return GetParam(); }
  int channels() const { return metric().needs_reference ? 3 : 1; }
  Params params() const {
    Params params(metric().params);
    if (!metric().needs_reference) params.set("model", niqe_model_path());
    return params;
  }

  // Clip metrics see a clip whose first frame is nearly clean: what they measure is change.
  double score(double noise, const Image<std::uint8_t>* mask = nullptr) const {
    const Image<double> reference = scene(channels(), 0);
    if (metric().frames != nullptr) {
      return metric().frames(params())->score(
          input_of(reference, scene(channels(), noise, 1), mask));
    }
    const auto clip = metric().clips(params());
    for (std::uint32_t t = 0; t < 4; ++t) {
      const double level = t == 0 ? std::min(noise, 0.5) : noise;
      clip->add(input_of(reference, scene(channels(), level, t), mask));
    }
    return clip->score();
  }
};

/// Those that need no other program.
std::vector<Metric> own_metrics() {
  std::vector<Metric> own = all_metrics();
  std::erase_if(own, [](const Metric& metric) { return metric.lacks != nullptr; });
  return own;
}

INSTANTIATE_TEST_SUITE_P(Table, EveryMetric, testing::ValuesIn(own_metrics()),
                         [](const auto& entry) { return std::string(entry.param.name); });

TEST_P(EveryMetric, ScoresFramesOrClips) {
  EXPECT_NE(metric().frames == nullptr, metric().clips == nullptr);
}

TEST_P(EveryMetric, IdealOnEqualPictures) {
  const double got = score(0);
  if (!metric().needs_reference) {
    EXPECT_GE(got, metric().ideal);  // no picture of ours is the ideal natural one
  } else if (std::isinf(metric().ideal)) {
    EXPECT_EQ(got, metric().ideal);
  } else {
    EXPECT_NEAR(got, metric().ideal, 1e-8);  // estimated motion is not quite 0 at borders
  }
}

TEST_P(EveryMetric, WorseUnderMoreNoise) {
  double before = metric().ideal;
  for (const double noise : {2.0, 8.0, 24.0}) {
    const double got = score(noise);
    EXPECT_TRUE(metric().higher_is_better ? got < before : got > before)
        << noise << ": " << got << ", before " << before;
    before = got;
  }
}

TEST_P(EveryMetric, FullMaskIsNoMask) {
  const Image<std::uint8_t> mask = mask_of(255);
  EXPECT_EQ(score(9, &mask), score(9));
}

// A region is scored as if the rest of the picture did not exist or, where that has no meaning, is
// refused; it never dilutes the score with pixels that do not count.
TEST_P(EveryMetric, AMaskWithHolesCountsOrIsRefused) {
  Image<std::uint8_t> mask = mask_of(255);
  for (int y = 0; y < kHeight / 2; ++y) {
    for (int x = 0; x < kWidth; ++x) mask.view().at(y, x) = 0;
  }
  if (!metric().takes_masks) {
    EXPECT_THROW(score(9, &mask), Error);
    return;
  }
  const double whole = score(9);
  const double half = score(9, &mask);
  EXPECT_NE(half, whole);
  EXPECT_NEAR(half, whole, 0.05 * std::abs(whole));  // noise is the same everywhere
}

TEST_P(EveryMetric, SumsOfLabelsAreTheWhole) {
  if (metric().frames == nullptr) return;
  const Image<double> a = scene(channels(), 0);
  const Image<double> b = scene(channels(), 9, 1);
  Image<std::uint8_t> labels = mask_of(0);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      labels.view().at(y, x) = static_cast<std::uint8_t>((x / 7 + y / 5) % 3);
    }
  }
  const auto scorer = metric().frames(params());
  const auto sums = scorer->sums(input_of(a, b), labels.view(), 3);
  if (sums.empty()) return;
  MetricSum total;
  for (const MetricSum& sum : sums) {
    total.sum += sum.sum;
    total.count += sum.count;
  }
  const double whole = scorer->score(input_of(a, b));
  EXPECT_NEAR(scorer->of_mean(total.sum / total.count), whole, 1e-10 * std::abs(whole));
}

TEST_P(EveryMetric, OtherSizesAreRefused) {
  if (!metric().needs_reference) return;
  const Image<double> reference = scene(3, 0);
  const Image<double> small(kHeight, kWidth - 1, 3);
  const Image<std::uint8_t> mask(kHeight - 1, kWidth, 1);
  const auto once = [&](const MetricInput& input) {
    if (metric().frames != nullptr) {
      metric().frames(params())->score(input);
    } else {
      metric().clips(params())->add(input);
    }
  };
  EXPECT_THROW(once(input_of(reference, small)), Error);
  EXPECT_THROW(once(input_of(reference, reference, &mask)), Error);
}

TEST(Mae, ByHand) {
  Image<double> a(1, 2, 1);
  Image<double> b(1, 2, 1);
  a.view().at(0, 0) = 10;
  a.view().at(0, 1) = 20;
  b.view().at(0, 0) = 13;
  b.view().at(0, 1) = 19;
  const Metric& mae = metric_by_name("mae");
  const auto scorer = mae.frames(Params(mae.params));
  EXPECT_EQ(scorer->score(input_of(a, b)), 2);
  Image<std::uint8_t> mask(1, 2, 1);
  mask.view().at(0, 0) = 1;
  mask.view().at(0, 1) = 0;
  EXPECT_EQ(scorer->score(input_of(a, b, &mask)), 3);
  mask.view().at(0, 0) = 0;
  EXPECT_TRUE(std::isnan(scorer->score(input_of(a, b, &mask))));
  EXPECT_THROW(metric_by_name("mea"), Error);
}

}  // namespace
}  // namespace pluvia
