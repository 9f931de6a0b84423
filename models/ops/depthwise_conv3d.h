// SPDX-License-Identifier: Apache-2.0
// A depthwise 3x3x3 convolution of tokens, stride 1, zeros outside: (batch, frames, height, width,
// channels) with channels contiguous. LibTorch has no fast one for the CPU.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace pluvia::ops {

inline constexpr int kCubeTaps = 27;

struct TokenVolume {
  std::int64_t batch = 0, frames = 0, height = 0, width = 0, channels = 0;

  PLUVIA_MEMBER std::int64_t tokens() const { return batch * frames * height * width; }
};

/// `weight` is (channels, 27), taps in the order (frame, row, column); `bias` may be null.
template <typename T>
struct CubeFilter {
  const T* weight = nullptr;
  const T* bias = nullptr;
};

/// `in` and `out` are contiguous and do not overlap.
template <typename T>
void depthwise_conv3d(const TokenVolume& volume, const CubeFilter<T>& filter, const T* in, T* out);

/// Gradients of the input (contiguous), weight (channels, 27) and bias, all overwritten.
template <typename T>
struct CubeGradients {
  T* in = nullptr;
  T* weight = nullptr;
  T* bias = nullptr;
};

template <typename T>
void depthwise_conv3d_backward(const TokenVolume& volume, const CubeFilter<T>& filter, const T* in,
                               const T* out_gradient, const CubeGradients<T>& gradients);

}  // namespace pluvia::ops
