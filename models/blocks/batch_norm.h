// SPDX-License-Identifier: Apache-2.0
// Batch normalisation (Ioffe and Szegedy, ICML 2015) with PyTorch's names and rules: by the batch's
// statistics while the module is in training, which also move the running ones by a tenth; by the
// running ones otherwise.
#pragma once

#include <memory>

#include "models/blocks/layer.h"
#include "models/torch_pch.h"

namespace pluvia {

class BatchNorm : public Part {
 public:
  explicit BatchNorm(std::int64_t channels);
  void initialise(std::uint64_t seed, const std::string& name) override;
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::Tensor weight_, bias_;
  torch::Tensor mean_, variance_, count_;
};

}  // namespace pluvia
