// SPDX-License-Identifier: Apache-2.0
// Mamba's causal depthwise convolution over tokens, kernel 4, with its SiLU:
//
//   out[l,e] = silu(bias[e] + sum_k weight[e,k] x[l-3+k,e]),  zeros before the first token
//
// In the other direction the sequence is read from its end: x[l+3-k,e], zeros after the last token.
#pragma once

#include <cstdint>

#include "models/ops/lanes.h"

namespace pluvia::ops {

inline constexpr int kConvTaps = 4;

template <typename T>
struct CausalConvInput {
  std::int64_t batch = 0, tokens = 0, channels = 0;
  Rows<const T> x;
  const T* weight = nullptr;  ///< (channels, 4)
  const T* bias = nullptr;    ///< (channels)
  bool reverse = false;
};

/// `out` is (batch, tokens, channels), contiguous.
template <typename T>
void causal_conv_forward(const CausalConvInput<T>& input, T* out);

template <typename T>
struct CausalConvGradients {
  T* x = nullptr;       ///< (batch, tokens, channels)
  T* weight = nullptr;  ///< (batch, channels, 4), to be summed over the batch
  T* bias = nullptr;    ///< (batch, channels), the same
};

template <typename T>
void causal_conv_backward(const CausalConvInput<T>& input, const T* out_gradient,
                          const CausalConvGradients<T>& gradients);

}  // namespace pluvia::ops
