// SPDX-License-Identifier: Apache-2.0
// From LibTorch's element types to the operators' templates.
#pragma once

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

}  // namespace pluvia::ops
