// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/error.h"
#include "models/blocks/dual_transformer.h"
#include "models/blocks/residual.h"
#include "models/ops/torch_products.h"

namespace pluvia {
namespace {

using torch::Tensor;

constexpr std::int64_t kPiece = 7;
constexpr std::int64_t kStep = 3;
constexpr std::int64_t kPad = 3;
constexpr double kEpsilon = 1e-5;
constexpr double kLeak = 0.2;
constexpr double kOtherLeak = 0.01;  ///< of two encoders' last activations: PyTorch's default

LayerPtr small_linear(std::int64_t in, std::int64_t out) {
  return make_linear(in, out, Init::kSmallNormal);
}

LayerPtr small_conv(std::vector<std::int64_t> shape) {
  return make_conv(std::move(shape), Init::kSmallNormal);
}

Tensor normed(const Tensor& x, const NetLayer& norm) { return layer_norm(x, norm, kEpsilon); }

}  // namespace

Attention::Attention(std::int64_t width, std::int64_t heads) : heads_(heads) {
  query_ = register_module("query_embedding", small_linear(width, width));
  value_ = register_module("value_embedding", small_linear(width, width));
  key_ = register_module("key_embedding", small_linear(width, width));
  out_ = register_module("output_linear", small_linear(width, width));
}

Tensor Attention::forward(const Tensor& query, const Tensor& value) const {
  const auto by_head = [&](const Tensor& x, const NetLayer& layer) {
    return linear(x, layer).unflatten(2, {heads_, -1}).transpose(1, 2);
  };
  const Tensor mixed = at::scaled_dot_product_attention(
      by_head(query, *query_), by_head(value, *key_), by_head(value, *value_));
  return linear(mixed.transpose(1, 2).flatten(2), *out_);
}

FeedForward::FeedForward(std::int64_t width) {
  const auto conv = register_module("conv", make_group());
  in_ = conv->register_module("0", small_linear(width, 4 * width));
  out_ = conv->register_module("3", small_linear(4 * width, width));
}

Tensor FeedForward::forward(const Tensor& x) const {
  return linear(torch::relu(linear(x, *in_)), *out_);
}

DualBlock::DualBlock(std::int64_t width, std::int64_t heads) {
  attention_ = register_module("attention", std::make_shared<Attention>(width, heads));
  first_ = register_module("ffn1", std::make_shared<FeedForward>(width));
  second_ = register_module("ffn2", std::make_shared<FeedForward>(width));
  norm1_ = register_module("norm1", make_norm(width));
  norm2_ = register_module("norm2", make_norm(width));
}

std::pair<Tensor, Tensor> DualBlock::forward(const Tensor& a, const Tensor& b) const {
  const auto attended = [&](const Tensor& x) {
    const Tensor y = normed(x, *norm1_);
    return x + attention_->forward(y, y);
  };
  const Tensor x1 = attended(a);
  const Tensor x2 = attended(b);
  return {x1 + first_->forward(normed(x1, *norm2_)), x2 + second_->forward(normed(x2, *norm2_))};
}

FusionBlock::FusionBlock(std::int64_t width, std::int64_t heads) {
  attention_ = register_module("attention", std::make_shared<Attention>(width, heads));
  feed_ = register_module("ffn", std::make_shared<FeedForward>(width));
  norm1_ = register_module("norm1", make_norm(width));
  norm2_ = register_module("norm2", make_norm(width));
}

Tensor FusionBlock::forward(const Tensor& a, const Tensor& b) const {
  // The reference adds to the normalised stream, not to the stream.
  const Tensor m = normed(a, *norm1_);
  const Tensor x = m + attention_->forward(m, normed(b, *norm1_));
  return x + feed_->forward(normed(x, *norm2_));
}

SoftSplit::SoftSplit(std::int64_t channels, std::int64_t width) {
  embedding_ = register_module("embedding", small_linear(channels * kPiece * kPiece, width));
}

Tensor SoftSplit::forward(const Tensor& frames, std::int64_t batch) const {
  const Tensor pieces =
      torch::im2col(frames, {kPiece, kPiece}, {1, 1}, {kPad, kPad}, {kStep, kStep});
  const Tensor tokens = linear(pieces.transpose(1, 2), *embedding_);
  return tokens.reshape({batch, -1, tokens.size(2)});
}

SoftComposition::SoftComposition(std::int64_t channels, std::int64_t width) {
  embedding_ = register_module("embedding", small_linear(width, channels * kPiece * kPiece));
  conv_ = register_module("bias_conv", small_conv({channels, channels, 3, 3}));
}

Tensor SoftComposition::fold(const Tensor& tokens, std::int64_t frames, std::int64_t height,
                             std::int64_t width) const {
  const Tensor pieces = linear(tokens, *embedding_);
  const Tensor by_frame =
      pieces.reshape({tokens.size(0) * frames, -1, pieces.size(2)}).transpose(1, 2);
  return torch::col2im(by_frame, {height, width}, {kPiece, kPiece}, {1, 1}, {kPad, kPad},
                       {kStep, kStep});
}

Tensor SoftComposition::forward(const Tensor& tokens, std::int64_t frames, std::int64_t height,
                                std::int64_t width) const {
  return same_conv(fold(tokens, frames, height, width), *conv_);
}

DropEncoder::DropEncoder(std::int64_t in, std::int64_t channels, double last_leak)
    : last_leak_(last_leak) {
  first_ = register_module("conv_first", small_conv({channels, in, 1, 3, 3}));
  conv1_ = register_module("conv1", small_conv({2 * channels, channels, 3, 3, 3}));
  conv2_ = register_module("conv2", small_conv({4 * channels, 2 * channels, 3, 3, 3}));
}

Tensor DropEncoder::forward(const Tensor& clip) const {
  Tensor x = torch::leaky_relu(same_conv(clip, *first_), kLeak);
  x = torch::leaky_relu(same_conv(x, *conv1_, 2), kLeak);
  return torch::leaky_relu(same_conv(x, *conv2_, 2), last_leak_);
}

DualTransformer::DualTransformer(const DualSizes& sizes) {
  const std::int64_t c = sizes.channels;
  const std::int64_t d = sizes.tokens;
  block_ = register_module("transformer", std::make_shared<DualBlock>(d, sizes.heads));
  block1_ = register_module("transformer1", std::make_shared<DualBlock>(d, sizes.heads));
  fusion_ = register_module("Fusion_Transformer", std::make_shared<FusionBlock>(d, sizes.heads));
  split_ = register_module("ss", std::make_shared<SoftSplit>(4 * c, d));
  compose_ = register_module("sc", std::make_shared<SoftComposition>(4 * c, d));
  learner_ = register_module("TokenLearner", make_group())
                 ->register_module("conv_layer", small_conv({d, 2 * d, 1}));
  both_ = register_module("downdropbg", std::make_shared<DropEncoder>(4, c, kLeak));
  picture_ = register_module("downdrop1", std::make_shared<DropEncoder>(3, c, kOtherLeak));
  erased_ = register_module("downdrop2", std::make_shared<DropEncoder>(3, c, kOtherLeak));
  up1_ = register_module("conv_before_upsample1", small_conv({2 * c, 4 * c, 1, 3, 3}));
  up2_ = register_module("conv_before_upsample2", small_conv({c, c / 2, 1, 3, 3}));
  last_ = register_module("conv_last", small_conv({3, c / 4, 1, 3, 3}));
}

Tensor DualTransformer::forward(const Tensor& stage1, const Tensor& mask,
                                const Probe& probe) const {
  const auto see = [&](const char* name, const Tensor& value) {
    if (probe) probe(name, value);
  };
  const auto n = stage1.size(0);
  const auto t = stage1.size(2);
  std::int64_t height = 0;
  std::int64_t width = 0;
  const auto tokens_of = [&](const char* name, const DropEncoder& encoder, const Tensor& clip) {
    const Tensor features = encoder.forward(clip);
    see(name, features);
    height = features.size(3);
    width = features.size(4);
    return split_->forward(features.transpose(1, 2).flatten(0, 1), n);
  };
  Tensor a = tokens_of("downdropbg", *both_, torch::cat({stage1, mask}, 1));
  const Tensor whole = tokens_of("downdrop1", *picture_, stage1);
  const Tensor without = tokens_of("downdrop2", *erased_, stage1 * (1 - mask));
  see("ss_bg", a);
  see("ss_or", whole);
  see("ss_drop", without);
  Tensor b =
      ops::linear(torch::cat({whole, without}, 2), learner_->weight.squeeze(2), learner_->bias);
  see("token_learner", b);
  // Each set of weights is used twice in a row.
  int index = 0;
  for (const auto& block : {block_, block_, block1_, block1_}) {
    std::tie(a, b) = block->forward(a, b);
    see(cat("trans_", index, "_a").c_str(), a);
    see(cat("trans_", index++, "_b").c_str(), b);
  }
  const Tensor fused = fusion_->forward(a, b);
  see("fusion", fused);
  const Tensor composed = compose_->forward(fused, t, height, width);
  see("softcomp", composed);
  Tensor x = composed.unflatten(0, {n, t}).transpose(1, 2);
  x = shuffled(same_conv(x, *up1_));
  x = shuffled(same_conv(x, *up2_));
  return same_conv(x, *last_);
}

}  // namespace pluvia
