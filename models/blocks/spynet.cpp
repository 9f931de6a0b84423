// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/error.h"
#include "models/blocks/spynet.h"
#include "models/ops/flow_warp.h"

namespace pluvia {
namespace {

using torch::Tensor;

constexpr std::int64_t kMultiple = 32;  ///< five halvings
constexpr std::int64_t kKernel = 7;

Tensor resized(const Tensor& x, std::int64_t height, std::int64_t width, bool align_corners) {
  const std::vector<std::int64_t> size = {height, width};
  return torch::upsample_bilinear2d(x, size, align_corners);
}

std::int64_t rounded_up(std::int64_t size) {
  return (size + kMultiple - 1) / kMultiple * kMultiple;
}

}  // namespace

SpyNet::SpyNet(std::int64_t width) {
  mean_ = register_buffer("mean", torch::tensor({0.485F, 0.456F, 0.406F}).reshape({1, 3, 1, 1}));
  deviation_ =
      register_buffer("std", torch::tensor({0.229F, 0.224F, 0.225F}).reshape({1, 3, 1, 1}));
  const std::array<std::int64_t, kConvs + 1> sizes = {8, width, 2 * width, width, width / 2, 2};
  const auto levels = register_module("basic_module", make_group());
  for (std::size_t i = 0; i < kLevels; ++i) {
    const auto level = levels->register_module(std::to_string(i), make_group())
                           ->register_module("basic_module", make_group());
    for (std::size_t j = 0; j < kConvs; ++j) {
      convs_[i][j] = make_conv({sizes[j + 1], sizes[j], kKernel, kKernel}, Init::kFanOut);
      level->register_module(std::to_string(j), make_group())
          ->register_module("conv", convs_[i][j]);
    }
  }
}

Tensor SpyNet::mend(std::size_t level, const Tensor& x) const {
  Tensor y = x;
  for (std::size_t j = 0; j < kConvs; ++j) {
    const NetLayer& conv = *convs_[level][j];
    y = torch::conv2d(y, conv.weight, conv.bias, 1, kKernel / 2);
    if (j + 1 < kConvs) y = torch::relu(y);
  }
  return y;
}

Tensor SpyNet::forward(const Tensor& ref, const Tensor& other) const {
  const auto height = ref.size(2);
  const auto width = ref.size(3);
  const auto tall = rounded_up(height);
  const auto wide = rounded_up(width);
  std::array<Tensor, kLevels> refs;
  std::array<Tensor, kLevels> others;
  const auto normal = [&](const Tensor& x) {
    return (resized(x, tall, wide, false) - mean_) / deviation_;
  };
  refs.back() = normal(ref);
  others.back() = normal(other);
  for (std::size_t i = kLevels - 1; i > 0; --i) {
    refs[i - 1] = torch::avg_pool2d(refs[i], 2, 2);
    others[i - 1] = torch::avg_pool2d(others[i], 2, 2);
  }
  Tensor flow = torch::zeros({ref.size(0), 2, tall / kMultiple, wide / kMultiple}, ref.options());
  for (std::size_t i = 0; i < kLevels; ++i) {
    const Tensor up = i == 0 ? flow : 2 * resized(flow, 2 * flow.size(2), 2 * flow.size(3), true);
    const Tensor seen = ops::flow_warp(others[i], up, ops::WarpOutside::kBorder);
    flow = up + mend(i, torch::cat({refs[i], seen, up}, 1));
  }
  flow = resized(flow, height, width, false);
  const Tensor scale = torch::tensor({static_cast<double>(width) / static_cast<double>(wide),
                                      static_cast<double>(height) / static_cast<double>(tall)},
                                     flow.options());
  return flow * scale.reshape({1, 2, 1, 1});
}

}  // namespace pluvia
