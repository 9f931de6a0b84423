// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <cmath>

#include "models/blocks/deform_align.h"
#include "models/blocks/residual.h"
#include "models/ops/torch_deform_conv.h"

namespace pluvia {
namespace {

using torch::Tensor;

constexpr std::int64_t kTaps = 9;
constexpr double kLeak = 0.1;

/// A flow as offsets: (dy, dx) for every tap of half the groups.
Tensor as_offsets(const Tensor& flow, std::int64_t pairs) {
  return flow.flip(1).repeat({1, pairs, 1, 1});
}

}  // namespace

DeformAlign::DeformAlign(const Sizes& sizes) : sizes_(sizes) {
  const std::int64_t c = sizes.channels;
  weight_ = register_parameter("weight", torch::empty({c, 2 * c, 3, 3}));
  bias_ = register_parameter("bias", torch::empty({c}));
  const auto group = register_module("conv_offset", make_group());
  const std::int64_t out = 3 * sizes.groups * kTaps;
  for (int i = 0; i < 4; ++i) {
    const std::int64_t in = i == 0 ? 3 * c + 5 : c;
    offsets_.push_back(group->register_module(
        std::to_string(2 * i),
        make_conv({i == 3 ? out : c, in, 3, 3}, i == 3 ? Init::kZero : Init::kFanIn)));
  }
}

void DeformAlign::initialise(std::uint64_t seed, const std::string& name) {
  const torch::NoGradGuard no_grad;
  bias_.zero_();
  Draw{seed, name + ".weight"}.uniform(
      weight_, 1 / std::sqrt(static_cast<double>(weight_.numel() / weight_.size(0))));
}

Tensor DeformAlign::raw_offsets(const Inputs& in) const {
  Tensor x = torch::cat({in.condition, in.flow1, in.flow2, in.streak}, 1);
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    x = same_conv(x, *offsets_[i]);
    if (i + 1 < offsets_.size()) x = torch::leaky_relu(x, kLeak);
  }
  return x;
}

Tensor DeformAlign::forward(const Inputs& in) const {
  const std::vector<Tensor> parts = raw_offsets(in).chunk(3, 1);
  // The first half of the groups reads the feature one step back, the second that of two steps.
  const std::int64_t pairs = sizes_.groups * kTaps / 2;
  const Tensor offset = sizes_.reach_px * torch::tanh(torch::cat({parts[0], parts[1]}, 1)) +
                        torch::cat({as_offsets(in.flow1, pairs), as_offsets(in.flow2, pairs)}, 1);
  return ops::deform_conv({in.features, offset, torch::sigmoid(parts[2]), weight_, bias_}, {});
}

}  // namespace pluvia
