// SPDX-License-Identifier: Apache-2.0
// The operators' functions of single numbers and of lanes against the library's.
#include "models/ops/vector_math.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/ops/decay_table.h"

namespace pluvia::ops {
namespace {

TEST(VectorMath, IsCloseToTheLibrarys) {
  for (int i = -4000; i <= 4000; ++i) {
    const double x = i * 0.02;
    EXPECT_NEAR(exp_of(x) / std::exp(x), 1, 2e-15 * (1 + std::abs(x))) << x;
    EXPECT_NEAR(static_cast<double>(exp_of(static_cast<float>(x))) / std::exp(x), 1,
                2e-7 * (1 + std::abs(x)))
        << x;
    const double plus = x > 20 ? x : std::log1p(std::exp(x));
    EXPECT_NEAR(softplus(x) / plus, 1, 1e-14 * (1 + std::abs(x))) << x;
    EXPECT_NEAR(static_cast<double>(softplus(static_cast<float>(x))) / plus, 1,
                3e-7 * (1 + std::abs(x)))
        << x;
    EXPECT_NEAR(silu(x), x / (1 + std::exp(-x)), 1e-14 * (1 + std::abs(x)));
  }
  EXPECT_TRUE(std::isnan(exp2_of(std::nanf(""))));
  EXPECT_TRUE(std::isnan(softplus(std::nan(""))));
  EXPECT_EQ(exp2_of(-1e30F), 0x1p-126F);
  EXPECT_LT(logistic(-1e4F), 1e-37F);
  EXPECT_GE(logistic(-1e4F), 0.0F);
  // Step sizes up to the largest leave at most nothing, however steep.
  for (const float rate : {-1e-30F, -1.0F, -23.0F, -1e20F}) {
    const float most = largest_size(rate);
    EXPECT_NEAR(static_cast<double>(decay_of(most, rate)),
                std::exp2(static_cast<double>(most) * static_cast<double>(rate)), 1e-6);
    EXPECT_EQ(decay_of(0.0F, rate), 1.0F);
  }
}

#ifdef PLUVIA_HAS_DECAY_TABLE
TEST(DecayTable, IsCloseToTheLibrarys) {
  const DecayTable table;
  Lanes16 size = {}, rate = {}, got;
  for (int i = 0; i < 400000; ++i) {
    // From 2^-126 to 1, most of them near 1.
    const float t = 126 * std::pow(static_cast<float>(i) / 400000, 3.0F);
    size[0] = t / 8;  // an exact product: this file has no fused multiply-add
    rate[0] = -8;
    table.decay(size, rate, got);
    const double exact = std::exp2(static_cast<double>(size[0]) * -8);
    const double error = static_cast<double>(got[0]) - exact;
    ASSERT_LT(std::abs(error), 3e-7 * exact) << t;
    // What is lost of a state in a step: the table's own share of the error, and the rounding's.
    ASSERT_LT(std::abs(error), 1.1e-5 * (1 - exact) + 6e-8) << t;
  }
  size[0] = 0;
  table.decay(size, rate, got);
  EXPECT_EQ(got[0], 1.0F);
  rate[0] = std::nanf("");
  table.decay(size, rate, got);
  EXPECT_TRUE(std::isnan(got[0]));
  for (const float steep : {-1e-30F, -1.0F, -23.0F, -1e20F}) {
    size[0] = largest_size(steep);
    rate[0] = steep;
    table.decay(size, rate, got);
    EXPECT_NEAR(static_cast<double>(got[0]),
                std::exp2(static_cast<double>(size[0]) * static_cast<double>(steep)), 1e-6);
  }
}
#endif

}  // namespace
}  // namespace pluvia::ops
