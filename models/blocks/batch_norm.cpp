// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "models/blocks/batch_norm.h"

namespace pluvia {
namespace {

constexpr double kMomentum = 0.1;
constexpr double kEpsilon = 1e-5;

}  // namespace

BatchNorm::BatchNorm(std::int64_t channels) {
  weight_ = register_parameter("weight", torch::empty({channels}));
  bias_ = register_parameter("bias", torch::empty({channels}));
  mean_ = register_buffer("running_mean", torch::zeros({channels}));
  variance_ = register_buffer("running_var", torch::ones({channels}));
  count_ = register_buffer("num_batches_tracked", torch::zeros({}, torch::kInt64));
}

void BatchNorm::initialise(std::uint64_t /*seed*/, const std::string& /*name*/) {
  const torch::NoGradGuard no_grad;
  weight_.fill_(1);
  bias_.zero_();
  mean_.zero_();
  variance_.fill_(1);
  count_.zero_();
}

torch::Tensor BatchNorm::forward(const torch::Tensor& x) {
  if (is_training()) {
    const torch::NoGradGuard no_grad;
    count_.add_(1);
  }
  return torch::batch_norm(x, weight_, bias_, mean_, variance_, is_training(), kMomentum, kEpsilon,
                           false);
}

}  // namespace pluvia
