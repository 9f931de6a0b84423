// SPDX-License-Identifier: Apache-2.0
// Residual blocks without norms, as BasicVSR and its heirs have them, in two and three dimensions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/blocks/layer.h"
#include "models/torch_pch.h"

namespace pluvia {

/// x + conv2(ReLU(conv1(x))), 3x3 or 3x3x3.
class ResidualConvs : public torch::nn::Module {
 public:
  ResidualConvs(std::int64_t channels, int dimensions);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  LayerPtr conv1_, conv2_;
};

/// A 3x3 convolution, LeakyReLU(0.1), then `count` residual blocks.
class ResidualStack : public torch::nn::Module {
 public:
  ResidualStack(std::int64_t in, std::int64_t channels, int count);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  LayerPtr first_;
  std::vector<std::shared_ptr<ResidualConvs>> blocks_;
};

/// Padded so that sizes stay: 2-D of (n, C, h, w), 3-D of (n, C, t, h, w), by the weight's rank.
torch::Tensor same_conv(const torch::Tensor& x, const NetLayer& layer, std::int64_t stride = 1);

/// Channels to pixels, frame by frame: (n, C, t, h, w) to (n, C/4, t, 2h, 2w).
torch::Tensor shuffled(const torch::Tensor& clip);

}  // namespace pluvia
