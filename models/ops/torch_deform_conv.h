// SPDX-License-Identifier: Apache-2.0
// Modulated deformable convolution as a differentiable function of LibTorch's tensors on the CPU
// and, in builds with CUDA kernels, on GPUs (models/ops/deform_conv.h says what it is,
// models/ops/torch_device.h on which stream it runs). It calculates in double precision where x is
// in it, else in single; the result has the precision of x. Working memory: a block of columns no
// larger than the input.
#pragma once

#include "models/torch_pch.h"

namespace pluvia::ops {

struct DeformTensors {
  torch::Tensor x;       ///< (n, I, H, W)
  torch::Tensor offset;  ///< (n, 2 G K, Ho, Wo): row and column of each tap in turn
  torch::Tensor mask;    ///< (n, G K, Ho, Wo)
  torch::Tensor weight;  ///< (O, I, kh, kw)
  torch::Tensor bias;    ///< (O)
};
struct DeformSettings {
  int stride = 1;
  int padding = 1;
  int dilation = 1;
};
/// The number of groups follows from the sizes.
torch::Tensor deform_conv(const DeformTensors& tensors, const DeformSettings& settings);

}  // namespace pluvia::ops
