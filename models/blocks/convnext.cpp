// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "models/blocks/convnext.h"

namespace pluvia {
namespace {

// The reference mixes two: its own norm layers have 1e-6, the three before down-sampling were built
// by a helper whose default is PyTorch's.
constexpr double kEpsilon = 1e-6;
constexpr double kDownEpsilon = 1e-5;
constexpr std::int64_t kKernel = 7;
constexpr std::int64_t kExpansion = 4;
constexpr std::int64_t kStemStride = 4;

}  // namespace

ConvNextBlock::ConvNextBlock(std::int64_t width) {
  gamma_ = register_parameter("gamma", torch::empty({width}));
  depthwise_ = register_module("depthwise_conv", make_conv({width, 1, kKernel, kKernel}));
  norm_ = register_module("norm", make_norm(width));
  const std::int64_t wide = kExpansion * width;
  expand_ = register_module("pointwise_conv1", make_linear(width, wide, Init::kFanIn));
  reduce_ = register_module("pointwise_conv2", make_linear(wide, width, Init::kFanIn));
}

void ConvNextBlock::initialise(std::uint64_t, const std::string&) {
  const torch::NoGradGuard no_grad;
  gamma_.fill_(1);
}

torch::Tensor ConvNextBlock::forward(const torch::Tensor& x) const {
  torch::Tensor y = torch::conv2d(x, depthwise_->weight, depthwise_->bias, 1, kKernel / 2, 1,
                                  depthwise_->weight.size(0));
  y = layer_norm(y.permute({0, 2, 3, 1}), *norm_, kEpsilon);
  y = linear(torch::gelu(linear(y, *expand_)), *reduce_);
  return x + (gamma_ * y).permute({0, 3, 1, 2});
}

ConvNext::ConvNext(const ConvNextSizes& sizes) {
  const auto downs = register_module("downsample_layers", make_group());
  const auto stages = register_module("stages", make_group());
  for (std::size_t i = 0; i < kConvNextStages; ++i) {
    Stage& stage = stages_[i];
    const std::int64_t width = sizes.widths[i];
    const std::int64_t before = i == 0 ? 3 : sizes.widths[i - 1];
    const std::int64_t kernel = i == 0 ? kStemStride : 2;
    const std::string index = std::to_string(i);
    stage.conv = make_conv({width, before, kernel, kernel});
    stage.norm = make_norm(i == 0 ? width : before);  // the stem's comes after its convolution
    const auto down = downs->register_module(index, make_group());
    down->register_module("0", i == 0 ? stage.conv : stage.norm);
    down->register_module("1", i == 0 ? stage.norm : stage.conv);
    const auto blocks = stages->register_module(index, make_group());
    for (int j = 0; j < sizes.depths[i]; ++j) {
      stage.blocks.push_back(
          blocks->register_module(std::to_string(j), std::make_shared<ConvNextBlock>(width)));
    }
    stage.out_norm = make_norm(width);
  }
  for (std::size_t i = 0; i < kConvNextStages; ++i) {
    register_module("norm" + std::to_string(i), stages_[i].out_norm);
  }
}

torch::Tensor ConvNext::down(int stage, const torch::Tensor& x) const {
  const Stage& s = stages_.at(static_cast<std::size_t>(stage));
  const std::int64_t stride = s.conv->weight.size(2);
  if (stage == 0) {
    return channel_norm(torch::conv2d(x, s.conv->weight, s.conv->bias, stride), *s.norm, kEpsilon);
  }
  const torch::Tensor normed = channel_norm(x, *s.norm, kDownEpsilon);
  return torch::conv2d(normed, s.conv->weight, s.conv->bias, stride);
}

const ConvNextBlock& ConvNext::block(int stage, int index) const {
  return *stages_.at(static_cast<std::size_t>(stage)).blocks.at(static_cast<std::size_t>(index));
}

std::vector<torch::Tensor> ConvNext::forward(const torch::Tensor& x) const {
  std::vector<torch::Tensor> out;
  torch::Tensor trunk = x.contiguous(torch::MemoryFormat::ChannelsLast);
  for (int i = 0; i < kConvNextStages; ++i) {
    const Stage& stage = stages_[static_cast<std::size_t>(i)];
    trunk = down(i, trunk);
    for (const auto& one : stage.blocks) trunk = one->forward(trunk);
    out.push_back(channel_norm(trunk, *stage.out_norm, kEpsilon));
  }
  return out;
}

double convnext_macs(const ConvNextSizes& sizes, int height, int width) {
  double macs = 0;
  for (std::size_t i = 0; i < kConvNextStages; ++i) {
    const double pixels = static_cast<double>(height >> (i + 2)) * (width >> (i + 2));
    const double c = sizes.widths[i];
    const double into = i == 0 ? 3.0 * kStemStride * kStemStride : 4.0 * sizes.widths[i - 1];
    const double block = c * kKernel * kKernel + 2 * kExpansion * c * c;
    macs += pixels * (c * into + sizes.depths[i] * block);
  }
  return macs;
}

}  // namespace pluvia
