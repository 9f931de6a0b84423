// SPDX-License-Identifier: Apache-2.0
// From LibTorch's element types and tensors to the operators' templates.
#pragma once

#include "models/ops/lanes.h"
#include "models/torch_pch.h"

namespace pluvia::ops {

/// Calls `body` with a float or a double, as the type says.
template <typename Body>
void with_type(torch::ScalarType type, const Body& body) {
  if (type == torch::kFloat64) {
    body(double{});
  } else {
    body(float{});
  }
}

/// The precision an operator computes in, whatever its input has.
inline torch::ScalarType computed_type(const torch::Tensor& tensor) {
  return tensor.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
}

inline bool wants_gradient(const torch::autograd::variable_list& inputs) {
  if (!torch::GradMode::is_enabled()) return false;
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const torch::Tensor& t) { return t.requires_grad(); });
}

/// A tensor whose last dimension is contiguous and whose rows lie at one distance.
inline torch::Tensor in_rows(const torch::Tensor& tensor) {
  const bool packed = tensor.stride(2) == 1 || tensor.size(2) == 1;
  const bool even = tensor.size(0) == 1 || tensor.stride(0) == tensor.size(1) * tensor.stride(1);
  return packed && even ? tensor : tensor.contiguous();
}

template <typename T>
Rows<const T> rows_of(const torch::Tensor& tensor) {
  return {tensor.const_data_ptr<T>(), tensor.stride(1)};
}

}  // namespace pluvia::ops
