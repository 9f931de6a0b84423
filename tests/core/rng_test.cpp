// SPDX-License-Identifier: Apache-2.0
// Philox against the known answers published with Random123, the draws by their statistics, and
// the own elementary functions against the C library's.
#include "core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include "core/exact_math.h"

namespace pluvia {
namespace {

void expect_words(const Words4& found, const Words4& expected) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(found.word[i], expected.word[i]) << i;
}

TEST(Rng, PhiloxKnownAnswers) {
  expect_words(philox4x32_10({{0, 0, 0, 0}}, 0, 0),
               {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  constexpr std::uint32_t kOnes = 0xffffffff;
  expect_words(philox4x32_10({{kOnes, kOnes, kOnes, kOnes}}, kOnes, kOnes),
               {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect_words(
      philox4x32_10({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0xa4093822, 0x299f31d0),
      {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST(Rng, EveryCoordinateMatters) {
  const Random base{.seed = 7, .clip = 1, .frame = 2, .particle = 3};
  std::set<std::uint32_t> first_words = {base.words(4).word[0]};
  first_words.insert(Random{.seed = 8, .clip = 1, .frame = 2, .particle = 3}.words(4).word[0]);
  first_words.insert(
      Random{.seed = 7 + (1ULL << 32), .clip = 1, .frame = 2, .particle = 3}.words(4).word[0]);
  first_words.insert(Random{.seed = 7, .clip = 2, .frame = 2, .particle = 3}.words(4).word[0]);
  first_words.insert(Random{.seed = 7, .clip = 1, .frame = 3, .particle = 3}.words(4).word[0]);
  first_words.insert(Random{.seed = 7, .clip = 1, .frame = 2, .particle = 4}.words(4).word[0]);
  first_words.insert(base.words(5).word[0]);
  EXPECT_EQ(first_words.size(), 7U);
}

constexpr int kDraws = 200000;

// Kolmogorov-Smirnov: the distance exceeds 1.95 / sqrt(n) with probability 0.001.
template <typename Cdf>
double distance(std::vector<double> values, const Cdf& cdf) {
  std::sort(values.begin(), values.end());
  double worst = 0;
  const auto n = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = cdf(values[i]);
    worst = std::max({worst, std::abs(expected - static_cast<double>(i) / n),
                      std::abs(expected - static_cast<double>(i + 1) / n)});
  }
  return worst * std::sqrt(n);
}

TEST(Rng, UniformAndNormalHaveTheirDistributions) {
  std::vector<double> uniform;
  std::vector<double> normal;
  for (std::uint32_t i = 0; i < kDraws; ++i) {
    const Random random{.seed = 42, .particle = i};
    uniform.push_back(random.uniform(0));
    normal.push_back(random.normal(1));
  }
  EXPECT_GT(*std::min_element(uniform.begin(), uniform.end()), 0);
  EXPECT_LT(*std::max_element(uniform.begin(), uniform.end()), 1);
  EXPECT_LT(distance(uniform, [](double x) { return x; }), 1.95);
  EXPECT_LT(distance(normal, [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }),
            1.95);
}

TEST(Rng, BelowCoversItsRange) {
  std::vector<int> counts(7, 0);
  for (std::uint32_t i = 0; i < 70000; ++i) {
    ++counts[Random{.seed = 1, .frame = i}.below(0, 7)];
  }
  // Binomial(70000, 1/7): standard deviation 93.
  for (const int count : counts) EXPECT_NEAR(count, 10000, 4 * 93);
}

TEST(ExactMath, AgreesWithTheLibrary) {
  double log_error = 0;
  double exp_error = 0;
  double circle_error = 0;
  for (std::uint32_t i = 0; i < kDraws; ++i) {
    const Random random{.seed = 3, .particle = i};
    const double x = std::ldexp(random.uniform(0), static_cast<int>(random.below(1, 200)) - 100);
    // Near 1 a logarithm vanishes, and only its absolute error is bounded.
    log_error = std::max(
        log_error, std::abs(exact::log(x) - std::log(x)) / std::max(0.5, std::abs(std::log(x))));
    const double y = random.uniform(2, -690, 690);
    exp_error = std::max(exp_error, std::abs(exact::exp(y) / std::exp(y) - 1));
    const double turns = random.uniform(3, -4, 4);
    const exact::SinCos found = exact::sin_cos_turns(turns);
    const double angle = std::remainder(turns, 1.0) * 2 * std::numbers::pi;
    circle_error = std::max({circle_error, std::abs(found.sin - std::sin(angle)),
                             std::abs(found.cos - std::cos(angle))});
  }
  EXPECT_LT(log_error, 1e-15);
  EXPECT_LT(exp_error, 1e-15);
  EXPECT_LT(circle_error, 1e-15);
}

TEST(ExactMath, SpecialValues) {
  EXPECT_EQ(exact::log(1), 0);
  EXPECT_EQ(exact::exp(0), 1);
  EXPECT_EQ(exact::exp(-1e9), 0);
  EXPECT_TRUE(std::isfinite(exact::exp(1e9)));
  const double expected[4][2] = {{0, 1}, {1, 0}, {0, -1}, {-1, 0}};
  for (int quarter = 0; quarter < 4; ++quarter) {
    const exact::SinCos found = exact::sin_cos_turns(quarter * 0.25 - 1);
    EXPECT_EQ(found.sin, expected[quarter][0]) << quarter;
    EXPECT_EQ(found.cos, expected[quarter][1]) << quarter;
  }
}

}  // namespace
}  // namespace pluvia
