// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <algorithm>

#include "models/ops/flow_warp.h"

namespace pluvia::ops {

torch::Tensor flow_warp(const torch::Tensor& x, const torch::Tensor& flow, WarpOutside outside) {
  const auto height = flow.size(2);
  const auto width = flow.size(3);
  const torch::Tensor columns = torch::arange(width, flow.options()).reshape({1, 1, width});
  const torch::Tensor rows = torch::arange(height, flow.options()).reshape({1, height, 1});
  // LibTorch's grids run from -1 to 1 between the centres of the outermost pixels.
  const auto scaled = [](const torch::Tensor& position, std::int64_t size) {
    return 2 * position / static_cast<double>(std::max<std::int64_t>(size - 1, 1)) - 1;
  };
  const torch::Tensor grid = torch::stack(
      {scaled(columns + flow.select(1, 0), width), scaled(rows + flow.select(1, 1), height)}, 3);
  constexpr std::int64_t kBilinear = 0;
  return torch::grid_sampler(x, grid, kBilinear, static_cast<std::int64_t>(outside),
                             /*align_corners=*/true);
}

}  // namespace pluvia::ops
