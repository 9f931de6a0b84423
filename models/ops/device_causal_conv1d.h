// SPDX-License-Identifier: Apache-2.0
// Mamba's causal convolution (models/ops/causal_conv1d.h says what it computes) for devices of many
// threads: one a token and channel forward; backward one a channel of a chunk of tokens, and then
// one a tap and channel, which adds the chunks' shares of the gradients of weight and bias in their
// order. Channels are innermost; no atomics. Memory besides input and output: 5/64 of x, backward.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "models/ops/causal_conv1d.h"

namespace pluvia::ops {

/// Long enough to pay for the three tokens after it, which are summed twice.
inline constexpr int kDeviceConvChunk = 64;

inline constexpr std::int64_t device_conv_chunks(std::int64_t tokens) {
  return (tokens + kDeviceConvChunk - 1) / kDeviceConvChunk;
}

template <typename T>
struct DeviceCausalConv {
  CausalConvInput<T> in;
  T* out = nullptr;  ///< (batch, tokens, channels), contiguous
};

template <typename T>
struct DeviceCausalConvBackward {
  CausalConvInput<T> in;
  const T* out_gradient = nullptr;  ///< contiguous
  CausalConvGradients<T> to;
  T* partial = nullptr;  ///< room for (batch, chunks, taps and bias, channels)

  std::int64_t partial_count() const {
    return in.batch * device_conv_chunks(in.tokens) * (kConvTaps + 1) * in.channels;
  }
};

}  // namespace pluvia::ops

namespace pluvia {

PLUVIA_DECLARE_KERNEL(device_causal_conv, ops::DeviceCausalConv<float>)
PLUVIA_DECLARE_KERNEL(device_causal_conv, ops::DeviceCausalConv<double>)
PLUVIA_DECLARE_KERNEL(device_causal_conv_backward, ops::DeviceCausalConvBackward<float>)
PLUVIA_DECLARE_KERNEL(device_causal_conv_backward, ops::DeviceCausalConvBackward<double>)

}  // namespace pluvia
