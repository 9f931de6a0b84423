// SPDX-License-Identifier: Apache-2.0
// A picture seen along a flow: bilinear samples at (column + flow_x, row + flow_y).
#pragma once

#include "models/torch_pch.h"

namespace pluvia::ops {

enum class WarpOutside : std::int64_t { kZeros = 0, kBorder = 1 };

/// x: (n, C, h, w); flow: (n, 2, h, w) in pixels, horizontal first.
torch::Tensor flow_warp(const torch::Tensor& x, const torch::Tensor& flow, WarpOutside outside);

}  // namespace pluvia::ops
