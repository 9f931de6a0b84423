// SPDX-License-Identifier: Apache-2.0
// The operators of models/ops/ as differentiable functions of LibTorch's tensors on the CPU and, in
// builds with CUDA kernels, on GPUs, in single and double precision. Half precisions are computed
// in single and rounded once, at the end: a scan over thousands of tokens needs its state in
// float32.
#pragma once

#include "models/torch_pch.h"

namespace pluvia::ops {

/// x, step, gate: (n, tokens, channels); b, c: (n, tokens, states), all possibly slices of wider
/// rows; a_log: (channels, states); skip, step_bias: (channels). See models/ops/selective_scan.h.
struct ScanTensors {
  torch::Tensor x, step, gate, b, c, a_log, skip, step_bias;
};
torch::Tensor selective_scan(const ScanTensors& tensors, bool reverse);

/// x: (n, tokens, channels); weight: (channels, 1, 4). SiLU included.
torch::Tensor causal_conv1d(const torch::Tensor& x, const torch::Tensor& weight,
                            const torch::Tensor& bias, bool reverse);

/// tokens: (n, frames, height, width, channels); weight: (channels, 1, 3, 3, 3).
torch::Tensor depthwise_conv3d(const torch::Tensor& tokens, const torch::Tensor& weight,
                               const torch::Tensor& bias);

}  // namespace pluvia::ops
