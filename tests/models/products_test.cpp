// SPDX-License-Identifier: Apache-2.0
// Products and the linear layer of our own against LibTorch's in double precision, gradients too,
// at odd sizes, of parts of wider tensors, with and without a bias, in single precision (oneDNN,
// where it is used) and in double (LibTorch's).
#include <torch/torch.h>
// After LibTorch.
#include <gtest/gtest.h>

#include <array>

#include "models/ops/torch_products.h"

namespace pluvia::ops {
namespace {

using torch::Tensor;

// The last two are large enough that the linear layer takes its own way.
constexpr std::array<std::array<std::int64_t, 3>, 7> kSizes = {{{1, 1, 1},
                                                                {7, 3, 5},
                                                                {64, 16, 33},
                                                                {300, 40, 17},
                                                                {2, 200, 9},
                                                                {513, 65, 64},
                                                                {1025, 130, 64}}};

double error(const Tensor& found, const Tensor& expected) {
  return (found.to(torch::kFloat64) - expected).abs().max().item<double>() /
         std::max(1.0, expected.abs().max().item<double>());
}

/// Of sums of up to 2050 numbers of size 1.
double tolerance(torch::ScalarType type) { return type == torch::kFloat64 ? 1e-14 : 1e-5; }

TEST(Products, AreLibTorchs) {
  torch::manual_seed(1);
  for (const torch::ScalarType type : {torch::kFloat32, torch::kFloat64}) {
    for (const auto& [p, k, o] : kSizes) {
      const Tensor rows = torch::randn({p, k}, type);
      const Tensor matrix = torch::randn({o, k}, type);
      const Tensor bias = torch::randn({o}, type);
      const Tensor other = torch::randn({p, o}, type);
      const Tensor wide = torch::matmul(rows.to(torch::kFloat64), matrix.t().to(torch::kFloat64));
      const Tensor sums = torch::matmul(other.t().to(torch::kFloat64), rows.to(torch::kFloat64));
      EXPECT_LT(error(times(rows, matrix), wide), tolerance(type)) << p << " " << k << " " << o;
      EXPECT_LT(error(times(rows, matrix, bias), wide + bias), tolerance(type)) << p;
      EXPECT_LT(error(sum_of_products(other, rows), sums), tolerance(type)) << p;
      EXPECT_TRUE(times(rows, matrix).is_contiguous());
      EXPECT_TRUE(sum_of_products(other, rows).is_contiguous());
    }
  }
}

/// Output and gradients of x, weight and bias; x is the middle of wider rows.
std::vector<Tensor> run(bool ours, torch::ScalarType type, const std::array<std::int64_t, 3>& size,
                        bool with_bias) {
  torch::manual_seed(2);
  const auto [p, k, o] = size;
  const auto leaf = [&](torch::IntArrayRef sizes) {
    return torch::randn(sizes, torch::kFloat64).to(type).set_requires_grad(true);
  };
  const Tensor wide = leaf({2, p, k + 3});
  const Tensor weight = leaf({o, k});
  const Tensor bias = with_bias ? leaf({o}) : Tensor();
  const Tensor x = wide.narrow(2, 1, k);
  const Tensor out = ours ? ops::linear(x, weight, bias) : torch::linear(x, weight, bias);
  out.backward(torch::cos(torch::arange(out.numel(), type)).view_as(out));
  std::vector<Tensor> all = {out.detach(), wide.grad(), weight.grad()};
  if (with_bias) all.push_back(bias.grad());
  return all;
}

TEST(Linear, EqualsLibTorchsWithGradients) {
  for (const torch::ScalarType type : {torch::kFloat32, torch::kFloat64}) {
    for (const auto& size : kSizes) {
      for (const bool with_bias : {false, true}) {
        const std::vector<Tensor> found = run(true, type, size, with_bias);
        const std::vector<Tensor> expected = run(false, torch::kFloat64, size, with_bias);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
          EXPECT_LT(error(found[i], expected[i]), tolerance(type))
              << i << " of " << size[0] << " " << size[1] << " " << size[2];
        }
      }
    }
  }
}

TEST(Linear, TakesNoRowsAndOtherPrecisions) {
  const Tensor weight = torch::randn({4, 3});
  EXPECT_EQ(ops::linear(torch::randn({0, 3}), weight).sizes(), torch::IntArrayRef({0, 4}));
  const Tensor x = torch::randn({5, 3}, torch::kBFloat16);
  const Tensor half = ops::linear(x, weight.to(torch::kBFloat16));
  EXPECT_EQ(half.scalar_type(), torch::kBFloat16);
  EXPECT_LT(error(half, torch::matmul(x.to(torch::kFloat64),
                                      weight.to(torch::kBFloat16).t().to(torch::kFloat64))),
            0.02);
}

}  // namespace
}  // namespace pluvia::ops
