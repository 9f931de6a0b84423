// SPDX-License-Identifier: Apache-2.0
// Modulated deformable convolution (Zhu et al., "Deformable ConvNets v2", CVPR 2019) as mmcv and
// torchvision define it: every tap k of the kernel reads at its own offset, times its own mask, for
// each of `groups` groups of input channels.
//
//   out[o, p] = bias[o] + sum over c, k of weight[o, c, k] mask[g, k, p] S(x[c], position(g, k, p))
//   position  = p * stride - padding + k * dilation + offset[g, k]        (row first, then column)
//
// S is bilinear with zeros outside. Here is the part between pictures and matrices: columns, the
// sampled and masked values of some output pixels as rows (pixel, tap, channel), and the way back.
// Everything else is a matrix product (models/ops/torch_deform_conv.cpp). A group's
// channels are innermost in memory, so that they are sampled together by vector instructions, and
// groups lie apart: what a row of pixels reads of one of them stays in the first cache. No more
// than a block of columns is ever stored.
//
// These are the CPU's loops; models/ops/device_deform.h has the same for GPUs.
#pragma once

#include <cstdint>

namespace pluvia::ops {

struct DeformSizes {
  std::int64_t height = 0, width = 0, channels = 0;  ///< of the input picture
  std::int64_t out_height = 0, out_width = 0;
  int kernel_rows = 3, kernel_columns = 3;
  int stride = 1, padding = 1, dilation = 1;
  int groups = 1;

  constexpr int taps() const { return kernel_rows * kernel_columns; }
  constexpr std::int64_t out_pixels() const { return out_height * out_width; }
  constexpr std::int64_t group_channels() const { return channels / groups; }
  constexpr std::int64_t group_values() const { return height * width * group_channels(); }
};

/// Of one picture of the batch.
template <typename T>
struct DeformInput {
  const T* x = nullptr;       ///< (groups, height, width, channels of a group)
  const T* offset = nullptr;  ///< (groups, taps, 2, out pixels): row, column
  const T* mask = nullptr;    ///< (groups, taps, out pixels)
};

/// Output pixels [first, first + count).
struct PixelBlock {
  std::int64_t first = 0;
  std::int64_t count = 0;
};

/// columns: (count, taps, channels).
template <typename T>
void deform_columns(const DeformSizes& sizes, const DeformInput<T>& in, const PixelBlock& block,
                    T* columns);

template <typename T>
struct DeformGradient {
  T* x = nullptr;  ///< added to
  T* offset = nullptr;
  T* mask = nullptr;
};
/// From gradients of columns, given as (count, taps, channels), in whose place the columns
/// themselves come back: the weights' gradient needs them, and their neighbours are at hand here.
/// Groups go to threads: their channels of x are apart, so sums have one order whatever the number
/// of threads.
template <typename T>
void deform_columns_backward(const DeformSizes& sizes, const DeformInput<T>& in,
                             const PixelBlock& block, T* columns,
                             const DeformGradient<T>& gradient);

}  // namespace pluvia::ops
