// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "models/blocks/residual.h"

namespace pluvia {
namespace {

using torch::Tensor;

constexpr double kLeak = 0.1;

/// LibTorch judges by its first four dimensions whether oneDNN is worth its while, which leaves a
/// large clip alone in its batch to a loop six to ten times slower. Asked for by name, oneDNN takes
/// it.
Tensor conv3d(const Tensor& x, const NetLayer& layer, at::IntArrayRef stride,
              at::IntArrayRef padding) {
  const bool single = x.is_cpu() && x.scalar_type() == torch::kFloat32 && x.size(0) == 1;
  if (!single || !at::globalContext().hasMKLDNN()) {
    return torch::conv3d(x, layer.weight, layer.bias, stride, padding);
  }
  return torch::mkldnn_convolution(x, layer.weight, layer.bias, padding, stride, {1, 1, 1}, 1);
}

}  // namespace

Tensor same_conv(const Tensor& x, const NetLayer& layer, std::int64_t stride) {
  const Tensor& weight = layer.weight;
  if (weight.dim() == 4) {
    return torch::conv2d(x, weight, layer.bias, stride, weight.size(3) / 2);
  }
  const auto depth = weight.size(2);
  // One frame deep: a convolution of single frames, which LibTorch does much faster.
  if (depth == 1) {
    const Tensor frames = x.transpose(1, 2).flatten(0, 1);
    return torch::conv2d(frames, weight.squeeze(2), layer.bias, stride, weight.size(4) / 2)
        .unflatten(0, {x.size(0), -1})
        .transpose(1, 2);
  }
  return conv3d(x, layer, {1, stride, stride}, {depth / 2, weight.size(3) / 2, weight.size(4) / 2});
}

Tensor shuffled(const Tensor& clip) {
  return torch::pixel_shuffle(clip.transpose(1, 2), 2).transpose(1, 2);
}

ResidualConvs::ResidualConvs(std::int64_t channels, int dimensions) {
  std::vector<std::int64_t> shape = {channels, channels};
  for (int i = 0; i < dimensions; ++i) shape.push_back(3);
  // The reference means a tenth of Kaiming's for both, but its helper passes over 3-D convolutions.
  const Init init = dimensions == 2 ? Init::kFanInTenth : Init::kFanIn;
  conv1_ = register_module("conv1", make_conv(shape, init));
  conv2_ = register_module("conv2", make_conv(shape, init));
}

Tensor ResidualConvs::forward(const Tensor& x) const {
  return x + same_conv(torch::relu(same_conv(x, *conv1_)), *conv2_);
}

ResidualStack::ResidualStack(std::int64_t in, std::int64_t channels, int count) {
  const auto main = register_module("main", make_group());
  first_ = main->register_module("0", make_conv({channels, in, 3, 3}));
  const auto rest = main->register_module("2", make_group());
  for (int i = 0; i < count; ++i) {
    blocks_.push_back(
        rest->register_module(std::to_string(i), std::make_shared<ResidualConvs>(channels, 2)));
  }
}

Tensor ResidualStack::forward(const Tensor& x) const {
  Tensor y = torch::leaky_relu(same_conv(x, *first_), kLeak);
  for (const auto& block : blocks_) y = block->forward(y);
  return y;
}

}  // namespace pluvia
