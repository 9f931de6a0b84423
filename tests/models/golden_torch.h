// SPDX-License-Identifier: Apache-2.0
// Reference values as LibTorch tensors, and modules filled by formula (tests/models/golden.h).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/torch_pch.h"
// After LibTorch, which has macros of the same names.
#include <gtest/gtest.h>

#include "tests/models/golden.h"

namespace pluvia::golden {

inline torch::Tensor made(const std::vector<float>& values,
                          const std::vector<std::int64_t>& shape) {
  return torch::tensor(at::ArrayRef<float>(values)).view(shape).to(torch::kFloat64);
}

inline torch::Tensor formula(const std::string& key, const std::vector<std::int64_t>& shape,
                             bool signed_values) {
  return made(input(key, count_of(shape), signed_values), shape);
}

inline torch::Tensor stored(const NpyArray& array) {
  std::vector<float> values;
  if (array.dtype == "u1") {
    const auto bytes = array.as<std::uint8_t>();
    values.assign(bytes.begin(), bytes.end());
  } else if (array.dtype == "i8") {
    for (const std::int64_t value : array.as<std::int64_t>()) {
      values.push_back(static_cast<float>(value));
    }
  } else if (array.dtype == "f8") {
    for (const double value : array.as<double>()) values.push_back(static_cast<float>(value));
  } else {
    const auto floats = array.as<float>();
    values.assign(floats.begin(), floats.end());
  }
  return made(values, array.shape);
}

/// "vimpnet/net_small"
inline NpzArrays npz(const std::string& name) {
  return read_npz(std::filesystem::path(PLUVIA_SOURCE_DIR) / "tests/models/golden" /
                  (name + ".npz"));
}

using Rule = std::function<double(const std::string& key, const torch::Tensor& like, double u)>;

/// Every parameter and floating-point buffer that the rule gives a number for: u is the key's and
/// index's own in [-1, 1); values are made in double and rounded once to float32.
inline void fill_by(torch::nn::Module& module, const std::string& head, const Rule& rule) {
  module.to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  const auto put = [&](const std::string& name, torch::Tensor tensor) {
    if (!tensor.is_floating_point()) return;
    const std::string key = head + name;
    const std::uint64_t h = hash(key);
    std::vector<float> values(static_cast<std::size_t>(tensor.numel()));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = rule(key, tensor, u11(h, i));
      if (std::isnan(value)) return;
      values[i] = static_cast<float>(value);
    }
    tensor.copy_(made(values, tensor.sizes().vec()));
  };
  for (const auto& item : module.named_parameters()) put(item.key(), item.value());
  for (const auto& item : module.named_buffers()) put(item.key(), item.value());
}

inline double worst(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

}  // namespace pluvia::golden
