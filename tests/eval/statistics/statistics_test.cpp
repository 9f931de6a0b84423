// SPDX-License-Identifier: Apache-2.0
// Tests of difference against values from SciPy and full enumeration, intervals against NumPy's
// with the same draws, and their long-run behaviour against what they promise.
#include <gtest/gtest.h>

#include <cmath>

#include "core/rng.h"
#include "eval/statistics/bootstrap.h"
#include "eval/statistics/paired.h"

namespace pluvia {
namespace {

const std::vector<double> kA = {31.02, 28.55, 33.1,  29.47, 30.88, 27.93,
                                34.21, 30.05, 29.66, 32.4,  31.75, 28.12};
const std::vector<double> kB = {30.71, 28.61, 32.55, 29.02, 30.64, 27.95,
                                33.6,  29.8,  29.71, 31.98, 31.33, 27.7};

TEST(Statistics, TwoListsOfScores) {
  const PairedTest test = compare_paired(kA, kB);
  EXPECT_NEAR(test.mean_difference, 0.295, 1e-12);
  EXPECT_NEAR(test.deviation, 0.23055269561327071, 1e-12);
  EXPECT_NEAR(test.t, 4.4324356032678525, 1e-10);
  EXPECT_NEAR(test.t_p, 0.0010075484383921054, 1e-13);
  EXPECT_NEAR(test.wilcoxon_w, 6, 1e-12);
  EXPECT_NEAR(test.wilcoxon_p, 0.0068359375, 1e-13);
  EXPECT_NEAR(test.wilcoxon_p_normal, 0.009521891184098838, 1e-12);
  EXPECT_NEAR(test.flip_p, 0.00390625, 1e-13);
  EXPECT_NEAR(test.cohen_dz, 1.2795339443561884, 1e-10);
}

TEST(Statistics, BootstrapWithAStatedGenerator) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < kA.size(); ++i) differences.push_back(kA[i] - kB[i]);
  std::uint32_t s = 2024;
  const Interval interval = bootstrap_mean(differences, 2000, 0.95, [&](std::uint32_t n) {
    s = s * 1664525U + 1013904223U;
    return static_cast<std::uint32_t>((std::uint64_t{s >> 8} * n) >> 24);
  });
  EXPECT_NEAR(interval.low, 0.16247916666666667, 1e-12);
  EXPECT_NEAR(interval.high, 0.4158333333333333, 1e-12);
  EXPECT_NEAR(interval.standard_error, 0.06424328922963878, 1e-12);
}

TEST(Statistics, StudentsTailAgainstTables) {
  EXPECT_NEAR(student_p(12.706204736, 1), 0.05, 1e-10);
  EXPECT_NEAR(student_p(2.228138852, 10), 0.05, 1e-10);
  EXPECT_NEAR(student_p(2.749995654, 30), 0.01, 1e-10);
  EXPECT_NEAR(student_p(1.96, 1e7), 0.05, 1e-4);
  EXPECT_NEAR(student_p(0, 5), 1, 1e-12);
}

TEST(Statistics, OrderOfTheTwoTurnsTheSignOnly) {
  const PairedTest ab = compare_paired(kA, kB);
  const PairedTest ba = compare_paired(kB, kA);
  EXPECT_EQ(ab.mean_difference, -ba.mean_difference);
  EXPECT_EQ(ab.wilcoxon_p, ba.wilcoxon_p);
  EXPECT_EQ(ab.flip_p, ba.flip_p);
}

TEST(Statistics, ManyPairsFollowTheExactTests) {
  std::vector<double> a;
  std::vector<double> b;
  for (std::uint32_t i = 0; i < 60; ++i) {
    a.push_back(Random{1, 0, 0, i}.normal(1) + 0.3);
    b.push_back(Random{1, 0, 0, i}.normal(2));
  }
  const PairedTest many = compare_paired(a, b, 5);
  EXPECT_FALSE(many.flip_exact);
  EXPECT_FALSE(many.wilcoxon_exact);
  EXPECT_NEAR(many.flip_p, many.t_p, 0.004);
  const PairedTest again = compare_paired(a, b, 5);
  EXPECT_EQ(many.flip_p, again.flip_p);
}

TEST(Statistics, NothingToFindIsPOne) {
  const std::vector<double> one = {3};
  const std::vector<double> other = {1};
  EXPECT_EQ(compare_paired(one, other).flip_p, 1);
  EXPECT_EQ(compare_paired(one, other).wilcoxon_p, 1);
  EXPECT_EQ(compare_paired(kA, kA).t_p, 1);
  EXPECT_EQ(compare_paired(kA, kA).flip_p, 1);
}

TEST(Statistics, HolmMultipliesAndNeverFalls) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  const std::vector<double> corrected = holm(p);
  EXPECT_NEAR(corrected[0], 0.03, 1e-15);
  EXPECT_NEAR(corrected[1], 0.06, 1e-15);
  EXPECT_NEAR(corrected[2], 0.06, 1e-15);
  EXPECT_NEAR(corrected[3], 0.02, 1e-15);
}

TEST(Statistics, IntervalsHoldTheMeanAboutAsOftenAsTheySay) {
  int held = 0;
  for (std::uint32_t trial = 0; trial < 150; ++trial) {
    std::vector<double> values;
    for (std::uint32_t i = 0; i < 30; ++i) values.push_back(Random{9, trial, 0, i}.normal(1) + 5);
    std::uint32_t k = 0;
    const Interval interval = bootstrap_mean(values, 800, 0.95, [&](std::uint32_t n) {
      return Random{10, trial, 0, k++}.below(1, n);
    });
    held += interval.low <= 5 && 5 <= interval.high ? 1 : 0;
  }
  EXPECT_GT(held, 0.87 * 150);
  EXPECT_LT(held, 0.99 * 150);
}

TEST(Statistics, SeedsWidenTheInterval) {
  std::vector<std::vector<double>> scores;
  for (std::uint32_t s = 0; s < 4; ++s) {
    scores.emplace_back();
    for (std::uint32_t c = 0; c < 20; ++c) {
      scores.back().push_back(30 + 2.0 * s + 0.1 * Random{3, s, 0, c}.normal(1));
    }
  }
  const Interval crossed = bootstrap_crossed(scores, 1);
  EXPECT_GT(crossed.high - crossed.low, 2);  // four seeds 2 dB apart
  const Interval one = bootstrap_crossed({scores[0]}, 1);
  EXPECT_LT(one.high - one.low, 0.2);
}

}  // namespace
}  // namespace pluvia
