// SPDX-License-Identifier: Apache-2.0
// The operators' functions of single numbers and of lanes against the library's.
#include "models/ops/vector_math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/cpu.h"
#include "core/for_each.h"
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
/// Of every size at one rate, with the instructions that the table is for. Like the operators this
/// file is compiled with fused multiply-adds.
std::vector<float> decays_by_table(const std::vector<float>& sizes, float rate) {
  std::vector<float> out(sizes.size());
  cpu_backend::run_at_v4([&] {
    const DecayTable table;
    const Lanes16 rates = Lanes16{} + rate;
    for (std::size_t i = 0; i + 16 <= sizes.size(); i += 16) {
      table.decay(lanes16_at(sizes.data() + i), rates, lanes16_at(out.data() + i));
    }
  });
  return out;
}

TEST(DecayTable, IsCloseToTheLibrarys) {
  if (cpu_level() < CpuLevel::kV4) GTEST_SKIP() << "needs AVX-512";
#ifndef __OPTIMIZE__
  GTEST_SKIP()
      << "compilers fuse multiply-adds only where they optimise, and the bound is of those";
#endif
  constexpr float kRate = -7.3F;
  std::vector<float> sizes;
  // From 1 to 2^-126, most of them near 1.
  for (int i = 0; i < 400000; ++i) {
    sizes.push_back(126 * std::pow(static_cast<float>(i) / 400000, 3.0F) / -kRate);
  }
  const std::vector<float> got = decays_by_table(sizes, kRate);
  EXPECT_EQ(got[0], 1.0F);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double exact = std::exp2(static_cast<double>(sizes[i]) * static_cast<double>(kRate));
    const double error = std::abs(static_cast<double>(got[i]) - exact);
    ASSERT_LT(error, 2.7e-7 * exact) << sizes[i];
    // What is lost of a state in a step: the table's own share of the error, and the rounding's.
    ASSERT_LT(error, 1.1e-5 * (1 - exact) + 6e-8) << sizes[i];
  }
}

TEST(DecayTable, TakesWhateverASizeMayBe) {
  if (cpu_level() < CpuLevel::kV4) GTEST_SKIP() << "needs AVX-512";
  for (const float steep : {-1e-30F, -1.0F, -23.0F, -1e20F}) {
    const float most = largest_size(steep);
    const float got = decays_by_table(std::vector<float>(16, most), steep)[3];
    EXPECT_NEAR(static_cast<double>(got),
                std::exp2(static_cast<double>(most) * static_cast<double>(steep)), 1e-6);
  }
  EXPECT_TRUE(std::isnan(decays_by_table(std::vector<float>(16, 1.0F), std::nanf(""))[0]));
  EXPECT_TRUE(std::isnan(decays_by_table(std::vector<float>(16, std::nanf("")), -1)[15]));
}
#endif

}  // namespace
}  // namespace pluvia::ops
