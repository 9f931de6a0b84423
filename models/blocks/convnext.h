// SPDX-License-Identifier: Apache-2.0
// The ConvNeXt encoder (Liu et al. 2022) as RainMamba uses it: four stages, each of whose outputs
// is normalised for the reader while the trunk goes on without.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/blocks/layer.h"
#include "models/torch_pch.h"

namespace pluvia {

inline constexpr int kConvNextStages = 4;

struct ConvNextSizes {
  std::array<int, kConvNextStages> widths = {96, 192, 384, 768};
  std::array<int, kConvNextStages> depths = {3, 3, 9, 3};
};

class ConvNextBlock : public Part {
 public:
  explicit ConvNextBlock(std::int64_t width);
  void initialise(std::uint64_t seed, const std::string& name) override;
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  torch::Tensor gamma_;
  LayerPtr depthwise_, norm_, expand_, reduce_;
};

class ConvNext : public torch::nn::Module {
 public:
  explicit ConvNext(const ConvNextSizes& sizes);
  /// (n, 3, H, W) to (n, widths[i], H / 2^(i+2), W / 2^(i+2)), sides rounded down.
  std::vector<torch::Tensor> forward(const torch::Tensor& x) const;

  /// Pieces that tests look at: the stem, and stage i's blocks.
  torch::Tensor down(int stage, const torch::Tensor& x) const;
  const ConvNextBlock& block(int stage, int index) const;

 private:
  struct Stage {
    LayerPtr conv, norm, out_norm;
    std::vector<std::shared_ptr<ConvNextBlock>> blocks;
  };
  std::array<Stage, kConvNextStages> stages_;
};

/// Multiply-adds for one picture.
double convnext_macs(const ConvNextSizes& sizes, int height, int width);

}  // namespace pluvia
