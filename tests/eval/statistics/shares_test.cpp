// SPDX-License-Identifier: Apache-2.0
// Intervals and tests of protocols' own means: against all resamples of three units written out,
// and against numpy's enumeration of all 64 ways in which six units can change sides.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "eval/statistics/bootstrap.h"
#include "eval/statistics/paired.h"

namespace pluvia {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::vector<double> kFrames = {40, 2, 2, 2, 2, 2};
const std::vector<double> kA = {36.9, 24.1, 22.0, 15.2, 29.0, 31.3};
const std::vector<double> kB = {36.5, 24.4, 21.1, 15.0, 28.1, 30.2};

Shares weighted(const std::vector<double>& means, const std::vector<double>& counts) {
  Shares out;
  for (std::size_t i = 0; i < means.size(); ++i) out.push_back({means[i] * counts[i], counts[i]});
  return out;
}

Interval interval_of(const SharedScore& score, const SharedScore* minus = nullptr) {
  const Contrast contrast{&score, minus};
  return bootstrap_contrasts(std::span(&contrast, 1), 7).front().value();
}

/// Standard deviation over all 27 resamples of three units, each as likely as another.
double deviation_of_all(const Shares& units, const MeanLaw& law) {
  double sum = 0;
  double squares = 0;
  for (const Share& x : units) {
    for (const Share& y : units) {
      for (const Share& z : units) {
        const double mean = (x.sum + y.sum + z.sum) / (x.count + y.count + z.count);
        const double value = law ? 10 * std::log10(255 * 255 / mean) : mean;
        sum += value;
        squares += value * value;
      }
    }
  }
  return std::sqrt(squares / 27 - sum / 27 * sum / 27);
}

TEST(Shares, AnIntervalBelongsToTheMeanOverFrames) {
  const Shares units = weighted({30, 20, 25}, {40, 2, 10});
  const Interval interval = interval_of({{units}, {}});
  EXPECT_NEAR(interval.low, 20, 1e-12);  // one resample in 27 is the lowest unit alone
  EXPECT_NEAR(interval.high, 30, 1e-12);
  const double expected = deviation_of_all(units, {});
  EXPECT_NEAR(interval.standard_error, expected, 0.03 * expected);
  const double unweighted = deviation_of_all(weighted({30, 20, 25}, {1, 1, 1}), {});
  EXPECT_GT(std::abs(expected - unweighted), 0.08 * expected);  // which the test would see
}

TEST(Shares, AnIntervalOfPooledErrorsIsInDecibels) {
  const Shares units = weighted({14, 1900, 300}, {5, 2, 9});
  const MeanLaw law = DecibelLaw{};
  const Interval interval = interval_of({{units}, law});
  EXPECT_NEAR(interval.low, 10 * std::log10(255 * 255 / 1900.0), 1e-12);
  EXPECT_NEAR(interval.high, 10 * std::log10(255 * 255 / 14.0), 1e-12);
  const double expected = deviation_of_all(units, law);
  EXPECT_NEAR(interval.standard_error, expected, 0.03 * expected);
}

TEST(Shares, ALongClipHoldsItsInterval) {
  const SharedScore score{{weighted({40, 16, 20, 24, 28, 30}, kFrames)}, {}};
  const double mean = (40 * 40 + 2 * (16 + 20 + 24 + 28 + 30)) / 50.0;
  const Interval interval = interval_of(score);
  EXPECT_LT(interval.low, mean);
  EXPECT_GT(interval.high, mean);
}

TEST(Shares, ADifferenceIsDrawnWithTheSameUnits) {
  const SharedScore a{{weighted({30, 20, 25, 28}, {40, 2, 10, 3})}, {}};
  const SharedScore b{{weighted({29, 19, 24, 27}, {40, 2, 10, 3})}, {}};
  const Interval same = interval_of(a, &b);
  EXPECT_NEAR(same.low, 1, 1e-12);
  EXPECT_NEAR(same.high, 1, 1e-12);
}

TEST(Shares, UnitsThatCountNowhereAreLeftOut) {
  const Interval some = interval_of({{{{30, 1}, {0, 0}, {20, 1}}}, {}});
  EXPECT_NEAR(some.low, 20, 1e-12);
  EXPECT_NEAR(some.high, 30, 1e-12);
  const SharedScore nothing{{{{0, 0}, {0, 0}}}, {}};
  const Contrast contrast{&nothing};
  EXPECT_FALSE(bootstrap_contrasts(std::span(&contrast, 1), 7).front().has_value());
}

TEST(Shares, FlipsAreOfTheProtocolsMeans) {
  const MeanLaw mean;
  const auto p = [](const Shares& a, const Shares& b, const MeanLaw& law) {
    return flip_test(a, b, law, 0).p;
  };
  EXPECT_EQ(p(weighted(kA, kFrames), weighted(kB, kFrames), mean), 6 / 64.0);
  // A frame of the third clip counts for one method only.
  EXPECT_EQ(p(weighted(kA, kFrames), weighted(kB, {40, 2, 1, 2, 2, 2}), mean), 38 / 64.0);
  const std::vector<double> errors_a = {14, 300, 410, 1900, 90, 50};
  const std::vector<double> errors_b = {13, 310, 520, 2000, 110, 66};
  EXPECT_EQ(p(weighted(errors_a, kFrames), weighted(errors_b, kFrames), DecibelLaw{}), 10 / 64.0);
  const std::vector<double> ones(6, 1);
  EXPECT_EQ(p(weighted(errors_a, ones), weighted(errors_b, ones), DecibelLaw{}), 4 / 64.0);
}

TEST(Shares, FlipsOfUnitsThatWeighAlikeAreFlipsOfDifferences) {
  const std::vector<double> ones(6, 1);
  const PairedTest pairs = compare_paired(kA, kB);
  EXPECT_EQ(flip_test(weighted(kA, ones), weighted(kB, ones), {}, 0).p, pairs.flip_p);
  EXPECT_EQ(pairs.flip_p, 6 / 64.0);
  // Weights that are the same for all change nothing.
  const std::vector<double> sevens(6, 7);
  EXPECT_EQ(flip_test(weighted(kA, sevens), weighted(kB, sevens), {}, 0).p, pairs.flip_p);
}

TEST(Shares, AConstantGainHasAnInfiniteEffect) {
  std::vector<double> more;
  for (const double x : kA) more.push_back(x + 1);
  const PairedTest up = compare_paired(more, kA);
  EXPECT_EQ(up.cohen_dz, kInfinity);
  EXPECT_EQ(compare_paired(kA, more).cohen_dz, -kInfinity);
  EXPECT_NEAR(up.wilcoxon_p, 2 / 64.0, 1e-15);
  EXPECT_EQ(up.flip_p, 2 / 64.0);
  EXPECT_EQ(compare_paired(kA, kA).cohen_dz, 0);
  EXPECT_TRUE(std::isnan(compare_paired(std::vector<double>{3}, std::vector<double>{1}).cohen_dz));
}

}  // namespace
}  // namespace pluvia
