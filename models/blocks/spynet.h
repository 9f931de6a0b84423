// SPDX-License-Identifier: Apache-2.0
// SPyNet (Ranjan and Black, CVPR 2017) as mmediting's restorers use it: six levels of a pyramid,
// each a small network that mends the flow of the level below.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "models/blocks/layer.h"
#include "models/torch_pch.h"

namespace pluvia {

class SpyNet : public torch::nn::Module {
 public:
  /// `width`: channels of a level's first convolution; 32 in the published one.
  explicit SpyNet(std::int64_t width);
  /// Pictures (n, 3, h, w) in 0..1: the flow from `ref` to `other`, (n, 2, h, w), in pixels.
  torch::Tensor forward(const torch::Tensor& ref, const torch::Tensor& other) const;

 private:
  static constexpr std::size_t kLevels = 6;
  static constexpr std::size_t kConvs = 5;
  torch::Tensor mend(std::size_t level, const torch::Tensor& x) const;

  torch::Tensor mean_, deviation_;
  std::array<std::array<LayerPtr, kConvs>, kLevels> convs_;
};

}  // namespace pluvia
