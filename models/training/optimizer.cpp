// SPDX-License-Identifier: Apache-2.0
#include "models/training/optimizer.h"

#include <cmath>

namespace pluvia {

using torch::Tensor;

Optimizer::Optimizer(std::vector<std::pair<std::string, Tensor>> parameters, const Params& settings)
    : kind_(settings.text("kind")),
      beta1_(settings.number("beta1")),
      beta2_(settings.number("beta2")),
      epsilon_(settings.number("epsilon")),
      decay_(settings.number("weight_decay")) {
  for (auto& [name, parameter] : parameters) {
    Slot slot;
    slot.name = name;
    slot.parameter = parameter;
    slot.mean = torch::zeros_like(parameter);
    if (kind_ != "sgd") slot.square = torch::zeros_like(parameter);
    slot.steps = torch::zeros({}, torch::kInt64);
    slots_.push_back(std::move(slot));
  }
}

void Optimizer::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

void Optimizer::update(Slot& slot, double rate) const {
  Tensor gradient = slot.parameter.grad();
  auto& steps = *slot.steps.data_ptr<std::int64_t>();
  ++steps;
  if (decay_ != 0 && kind_ != "adamw") gradient = gradient.add(slot.parameter, decay_);
  if (kind_ == "sgd") {
    if (steps == 1) {
      slot.mean.copy_(gradient);
    } else {
      slot.mean.mul_(beta1_).add_(gradient);
    }
    slot.parameter.sub_(slot.mean, rate);
    return;
  }
  if (kind_ == "adamw") slot.parameter.mul_(1 - rate * decay_);
  slot.mean.lerp_(gradient, 1 - beta1_);
  slot.square.mul_(beta2_).addcmul_(gradient, gradient, 1 - beta2_);
  const auto t = static_cast<double>(steps);
  const double bias1 = 1 - std::pow(beta1_, t);
  const double bias2 = 1 - std::pow(beta2_, t);
  const Tensor root = (slot.square.sqrt() / std::sqrt(bias2)).add_(epsilon_);
  slot.parameter.addcdiv_(slot.mean, root, -rate / bias1);
}

std::vector<std::pair<std::string, Tensor>> Optimizer::state() const {
  std::vector<std::pair<std::string, Tensor>> out;
  for (const Slot& slot : slots_) {
    out.emplace_back("mean." + slot.name, slot.mean);
    if (slot.square.defined()) out.emplace_back("square." + slot.name, slot.square);
    out.emplace_back("steps." + slot.name, slot.steps);
  }
  return out;
}

}  // namespace pluvia
