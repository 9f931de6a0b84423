// SPDX-License-Identifier: Apache-2.0
// Adam (Kingma and Ba, ICLR 2015), AdamW (Loshchilov and Hutter, ICLR 2019) and SGD with momentum,
// to the letter of PyTorch's, with a state that can be saved under the parameters' names. A
// parameter without a gradient is passed over and its step is not counted.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/torch_pch.h"
#include "models/training/schedule.h"

namespace pluvia {

class Optimizer {
 public:
  Optimizer(std::vector<std::pair<std::string, torch::Tensor>> parameters, const Params& settings);

  /// `rate(i)` is the learning rate of parameter i.
  template <typename Rate>
  void step(const Rate& rate) {
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].parameter.grad().defined()) update(slots_[i], rate(i));
    }
  }
  void zero_grad();

  /// Named tensors to be saved, and taken back: "mean.KEY", "square.KEY", "steps.KEY".
  std::vector<std::pair<std::string, torch::Tensor>> state() const;

 private:
  struct Slot {
    std::string name;
    torch::Tensor parameter;
    torch::Tensor mean, square;
    torch::Tensor steps;  ///< int64 scalar
  };
  void update(Slot& slot, double rate) const;

  std::vector<Slot> slots_;
  std::string kind_;
  double beta1_, beta2_, epsilon_, decay_;
};

}  // namespace pluvia
