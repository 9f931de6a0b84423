// SPDX-License-Identifier: Apache-2.0
// ViMP-Net's second stage: two streams of tokens (the picture with its raindrop mask, and the
// picture with what the mask covers taken out) pass the same transformer blocks, are fused, and
// become a change to the picture. Attention is over all tokens of all frames. Names, among them a
// misspelt one, are the reference's, since weights carry them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "models/blocks/layer.h"
#include "models/torch_pch.h"

namespace pluvia {

struct DualSizes {
  std::int64_t channels = 64;  ///< of the first convolutions; 4 times as many feed the tokens
  std::int64_t tokens = 512;   ///< width of a token
  std::int64_t heads = 4;
};

/// Softmax attention of several heads; memory grows with the number of tokens, not its square.
class Attention : public torch::nn::Module {
 public:
  Attention(std::int64_t width, std::int64_t heads);
  torch::Tensor forward(const torch::Tensor& query, const torch::Tensor& value) const;

 private:
  std::int64_t heads_;
  LayerPtr query_, value_, key_, out_;
};

/// Linear, ReLU, linear; four times as wide between.
class FeedForward : public torch::nn::Module {
 public:
  explicit FeedForward(std::int64_t width);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  LayerPtr in_, out_;
};

/// Both streams through one attention and one norm each, and a feed-forward of their own.
class DualBlock : public torch::nn::Module {
 public:
  DualBlock(std::int64_t width, std::int64_t heads);
  std::pair<torch::Tensor, torch::Tensor> forward(const torch::Tensor& a,
                                                  const torch::Tensor& b) const;

 private:
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<FeedForward> first_, second_;
  LayerPtr norm1_, norm2_;
};

class FusionBlock : public torch::nn::Module {
 public:
  FusionBlock(std::int64_t width, std::int64_t heads);
  torch::Tensor forward(const torch::Tensor& a, const torch::Tensor& b) const;

 private:
  std::shared_ptr<Attention> attention_;
  std::shared_ptr<FeedForward> feed_;
  LayerPtr norm1_, norm2_;
};

/// Overlapping 7x7 pieces, every third pixel, as tokens.
class SoftSplit : public torch::nn::Module {
 public:
  SoftSplit(std::int64_t channels, std::int64_t width);
  /// (n t, C, h, w) to (n, t L, width).
  torch::Tensor forward(const torch::Tensor& frames, std::int64_t batch) const;

 private:
  LayerPtr embedding_;
};

/// And back: pieces are added where they overlap, without a division, then convolved.
class SoftComposition : public torch::nn::Module {
 public:
  SoftComposition(std::int64_t channels, std::int64_t width);
  /// (n, t L, width) to (n t, C, h, w).
  torch::Tensor forward(const torch::Tensor& tokens, std::int64_t frames, std::int64_t height,
                        std::int64_t width) const;
  torch::Tensor fold(const torch::Tensor& tokens, std::int64_t frames, std::int64_t height,
                     std::int64_t width) const;

 private:
  LayerPtr embedding_, conv_;
};

/// Three convolutions down to a quarter of the size.
class DropEncoder : public torch::nn::Module {
 public:
  /// `last_leak`: slope of the last activation; the reference's three encoders differ in it.
  DropEncoder(std::int64_t in, std::int64_t channels, double last_leak);
  torch::Tensor forward(const torch::Tensor& clip) const;

 private:
  LayerPtr first_, conv1_, conv2_;
  double last_leak_;
};

class DualTransformer : public torch::nn::Module {
 public:
  explicit DualTransformer(const DualSizes& sizes);

  using Probe = std::function<void(const std::string& name, const torch::Tensor& value)>;
  /// stage1: (n, 3, t, H, W), mask: (n, 1, t, H, W). The change to stage1.
  torch::Tensor forward(const torch::Tensor& stage1, const torch::Tensor& mask,
                        const Probe& probe) const;

 private:
  std::shared_ptr<DualBlock> block_, block1_;
  std::shared_ptr<FusionBlock> fusion_;
  std::shared_ptr<SoftSplit> split_;
  std::shared_ptr<SoftComposition> compose_;
  LayerPtr learner_;
  std::shared_ptr<DropEncoder> both_, picture_, erased_;
  LayerPtr up1_, up2_, last_;
};

}  // namespace pluvia
