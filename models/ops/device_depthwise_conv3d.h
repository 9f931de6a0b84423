// SPDX-License-Identifier: Apache-2.0
// The depthwise 3x3x3 convolution (models/ops/depthwise_conv3d.h says what it computes) for devices
// of many threads: one a token and channel, forward and for the input's gradient; one a run of
// tokens, tap and channel for the weights', and then one a tap and channel, which adds the runs'
// shares in their order. Channels are innermost; no atomics. Memory besides input and output:
// 28/256 of the input, backward.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "models/ops/depthwise_conv3d.h"

namespace pluvia::ops {

inline constexpr int kDeviceCubeRun = 256;  ///< tokens

inline constexpr std::int64_t device_cube_runs(std::int64_t tokens) {
  return (tokens + kDeviceCubeRun - 1) / kDeviceCubeRun;
}

template <typename T>
struct DeviceCubeConv {
  TokenVolume volume;
  CubeFilter<T> filter;
  const T* in = nullptr;
  T* out = nullptr;
};

template <typename T>
struct DeviceCubeConvBackward {
  TokenVolume volume;
  CubeFilter<T> filter;
  const T* in = nullptr;
  const T* out_gradient = nullptr;
  CubeGradients<T> to;
  T* partial = nullptr;  ///< room for (runs, taps and bias, channels)

  std::int64_t partial_count() const {
    return device_cube_runs(volume.tokens()) * (kCubeTaps + 1) * volume.channels;
  }
};

}  // namespace pluvia::ops

namespace pluvia {

PLUVIA_DECLARE_KERNEL(device_cube_conv, ops::DeviceCubeConv<float>)
PLUVIA_DECLARE_KERNEL(device_cube_conv, ops::DeviceCubeConv<double>)
PLUVIA_DECLARE_KERNEL(device_cube_conv_backward, ops::DeviceCubeConvBackward<float>)
PLUVIA_DECLARE_KERNEL(device_cube_conv_backward, ops::DeviceCubeConvBackward<double>)

}  // namespace pluvia
