// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "models/blocks/mamba.h"
#include "models/ops/causal_conv1d.h"
#include "models/ops/depthwise_conv3d.h"
#include "models/ops/hilbert.h"
#include "models/ops/torch_ops.h"
#include "models/ops/torch_products.h"

namespace pluvia {
namespace {

constexpr double kEpsilon = 1e-5;
constexpr std::int64_t kMlpExpansion = 4;

torch::Tensor index_tensor(const std::vector<std::int64_t>& values) {
  return torch::tensor(at::ArrayRef<std::int64_t>(values), torch::kInt64);
}

/// a + b, in the memory of `a` where no gradient needs it: new memory for tensors of this size
/// costs as much as the sum. Nobody else may hold `a`.
torch::Tensor sum_into(torch::Tensor a, const torch::Tensor& b) {
  return torch::GradMode::is_enabled() ? a + b : a.add_(b);
}

}  // namespace

MambaLayer::MambaLayer(const MambaSizes& sizes, StepInit step_init)
    : sizes_(sizes), step_init_(step_init) {
  const std::int64_t inner = sizes.inner();
  forward_.a_log = register_parameter("A_log", torch::empty({inner, sizes.states}));
  forward_.skip = register_parameter("D", torch::empty({inner}));
  reverse_.a_log = register_parameter("A_b_log", torch::empty({inner, sizes.states}));
  reverse_.skip = register_parameter("D_b", torch::empty({inner}));
  in_proj_ =
      register_module("in_proj", make_linear(sizes.width, 2 * inner, Init::kSmallNormal, false));
  add_branch_layers(forward_, "");
  add_branch_layers(reverse_, "_b");
  out_proj_ =
      register_module("out_proj", make_linear(inner, sizes.width, Init::kSmallNormal, false));
}

void MambaLayer::add_branch_layers(Branch& branch, const std::string& suffix) {
  const std::int64_t inner = sizes_.inner();
  const std::int64_t rank = sizes_.step_rank();
  branch.conv = register_module("conv1d" + suffix, make_conv({inner, 1, ops::kConvTaps}));
  branch.x_proj = register_module(
      "x_proj" + suffix, make_linear(inner, rank + 2 * sizes_.states, Init::kSmallNormal, false));
  branch.dt_proj =
      register_module("dt_proj" + suffix, make_linear(rank, inner, Init::kSmallNormal));
}

void MambaLayer::initialise(std::uint64_t seed, const std::string& name) {
  const torch::NoGradGuard no_grad;
  for (Branch* const branch : {&forward_, &reverse_}) {
    branch->a_log.copy_(
        torch::arange(1, sizes_.states + 1, torch::kFloat64).log().expand_as(branch->a_log));
    branch->skip.fill_(1);
  }
  if (step_init_ == StepInit::kFlat) return;
  for (Branch* const branch : {&forward_, &reverse_}) {
    const bool first = branch == &forward_;
    // softplus(bias) is log-uniform in 0.001..0.1.
    torch::Tensor position = torch::empty_like(branch->skip);
    Draw{seed, name + (first ? ".steps" : ".steps_b")}.uniform(position, 1);
    const torch::Tensor dt =
        torch::exp(std::log(0.01) + position.to(torch::kFloat64) * std::log(10.0));
    branch->dt_proj->bias.copy_(dt + torch::log(-torch::expm1(-dt)));
    const double bound = 1 / std::sqrt(static_cast<double>(sizes_.step_rank()));
    Draw{seed, name + (first ? ".step_weights" : ".step_weights_b")}.uniform(
        branch->dt_proj->weight, bound);
  }
}

torch::Tensor MambaLayer::scan(const Branch& branch, const torch::Tensor& x,
                               const torch::Tensor& gate, bool reverse) const {
  const std::int64_t rank = sizes_.step_rank();
  const std::int64_t states = sizes_.states;
  const torch::Tensor mixed =
      ops::causal_conv1d(x, branch.conv->weight, branch.conv->bias, reverse);
  const torch::Tensor projected = linear(mixed, *branch.x_proj);
  // Without its bias, which the scan adds inside softplus.
  const torch::Tensor step = ops::linear(projected.narrow(2, 0, rank), branch.dt_proj->weight);
  return ops::selective_scan(
      {mixed, step, gate, projected.narrow(2, rank, states),
       projected.narrow(2, rank + states, states), branch.a_log, branch.skip, branch.dt_proj->bias},
      reverse);
}

torch::Tensor MambaLayer::forward(const torch::Tensor& tokens) const {
  const std::int64_t inner = sizes_.inner();
  const torch::Tensor both = linear(tokens, *in_proj_);
  const torch::Tensor x = both.narrow(2, 0, inner);
  const torch::Tensor gate = both.narrow(2, inner, inner);
  const torch::Tensor forward = scan(forward_, x, gate, false);
  // The sum of the directions, not their mean; each is gated by itself.
  return linear(sum_into(forward, scan(reverse_, x, gate, true)), *out_proj_);
}

MambaMlp::MambaMlp(std::int64_t width) {
  const std::int64_t hidden = kMlpExpansion * width;
  fc1_ = register_module("fc1", make_linear(width, hidden, Init::kSmallNormal));
  const auto group = register_module("dwconv", make_group());
  conv_ = group->register_module("dwconv", make_conv({hidden, 1, 3, 3, 3}));
  fc2_ = register_module("fc2", make_linear(hidden, width, Init::kSmallNormal));
}

torch::Tensor MambaMlp::forward(const torch::Tensor& volume) const {
  torch::Tensor hidden = ops::depthwise_conv3d(linear(volume, *fc1_), conv_->weight, conv_->bias);
  if (torch::GradMode::is_enabled()) return linear(torch::gelu(hidden), *fc2_);
  return linear(at::gelu_(hidden), *fc2_);
}

TokenIndex hilbert_index(int frames, int height, int width, const torch::Device& device) {
  const auto order = ops::hilbert_order(frames, height, width);
  return {index_tensor(order->raster).to(device), index_tensor(order->place).to(device)};
}

MambaBlock::MambaBlock(const Options& options) : mlp_order_(options.mlp_order) {
  norm1_ = register_module("norm1", make_norm(options.sizes.width));
  mamba_ = register_module("mamba", std::make_shared<MambaLayer>(options.sizes, options.step_init));
  norm2_ = register_module("norm2", make_norm(options.sizes.width));
  mlp_ = register_module("mlp", std::make_shared<MambaMlp>(options.sizes.width));
}

torch::Tensor MambaBlock::forward(const torch::Tensor& clip, const TokenIndex& order) const {
  const auto sizes = clip.sizes();
  const bool along_curve = order.gather.defined();
  torch::Tensor tokens = clip.reshape({sizes[0], -1, sizes[4]});
  if (along_curve) tokens = tokens.index_select(1, order.gather);
  // Into the layer's own output: without a curve `tokens` is the caller's.
  tokens = sum_into(mamba_->forward(layer_norm(tokens, *norm1_, kEpsilon)), tokens);
  const bool unscramble = along_curve && mlp_order_ == MlpOrder::kSpace;
  if (unscramble) tokens = tokens.index_select(1, order.scatter);
  // The reference takes tokens in the curve's order for a volume of frames, rows and columns, whose
  // neighbours are then not neighbours in the clip. Trained weights rely on it.
  const torch::Tensor volume = layer_norm(tokens, *norm2_, kEpsilon).view(sizes);
  tokens = sum_into(tokens, mlp_->forward(volume).view_as(tokens));
  if (along_curve && !unscramble) tokens = tokens.index_select(1, order.scatter);
  return tokens.view(sizes);
}

MambaMacs mamba_macs(const MambaSizes& sizes) {
  const auto d = static_cast<double>(sizes.width);
  const auto inner = static_cast<double>(sizes.inner());
  const auto rank = static_cast<double>(sizes.step_rank());
  const auto states = static_cast<double>(sizes.states);
  constexpr double kDirections = 2;
  constexpr double kMacsPerState = 3;
  MambaMacs macs;
  macs.in_out = d * 2 * inner + inner * d;
  macs.x_dt = kDirections * (inner * (rank + 2 * states) + rank * inner);
  macs.conv = kDirections * inner * ops::kConvTaps;
  macs.scan = kDirections * inner * states * kMacsPerState;
  macs.mlp = kMlpExpansion * d * (2 * d + ops::kCubeTaps);
  return macs;
}

}  // namespace pluvia
