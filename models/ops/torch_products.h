// SPDX-License-Identifier: Apache-2.0
// Matrix products of single-precision tensors on the CPU by oneDNN, as convolutions of single
// pixels. LibTorch's own products are MKL's, which takes AVX-512 on Intel's CPUs only; there, in
// other precisions and on other devices these are LibTorch's.
#pragma once

#include "models/torch_pch.h"

namespace pluvia::ops {

/// rows (P, K) times the transpose of matrix (O, K), and `bias` where there is one. Contiguous.
torch::Tensor times(const torch::Tensor& rows, const torch::Tensor& matrix,
                    const torch::Tensor& bias = {});

/// The transpose of a (P, O) times b (P, K), contiguous. For P up to a thousand or two.
torch::Tensor sum_of_products(const torch::Tensor& a, const torch::Tensor& b);

/// torch::linear, with gradients.
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight,
                     const torch::Tensor& bias = {});

}  // namespace pluvia::ops
