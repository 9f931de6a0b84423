// SPDX-License-Identifier: Apache-2.0
// Losses that schedules ask for (models/training/loss_table.cpp), on LibTorch tensors.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clip.h"
#include "models/torch_pch.h"
#include "models/training/schedule.h"

namespace pluvia {

/// What a loss may look at beside the output that it is put on. All (N, T, C, H, W).
struct LossContext {
  std::map<Layer, torch::Tensor> layers;
  std::int64_t iteration = 0;
  std::int64_t iterations = 1;  ///< of the whole run
  std::uint64_t seed = 0;
};

class Loss {
 public:
  virtual ~Loss() = default;
  /// Unweighted, a scalar.
  virtual torch::Tensor operator()(const torch::Tensor& output, const torch::Tensor& target,
                                   const LossContext& context) const = 0;
  /// What was put in the place of something missing; empty: nothing.
  virtual std::string note() const { return {}; }
};

std::unique_ptr<Loss> make_loss(const LossTerm& term);

/// 1 - mean SSIM over pixels and channels of (n, C, H, W): 11x11 Gaussian of sigma 1.5, zero
/// padding, C1 = 0.01^2, C2 = 0.03^2, as training code of this field has it (not the SSIM of any
/// protocol).
torch::Tensor ssim_loss(const torch::Tensor& a, const torch::Tensor& b);

}  // namespace pluvia
