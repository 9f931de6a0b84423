// SPDX-License-Identifier: Apache-2.0
// Columns of the modulated deformable convolution and the way back, as kernels: what
// models/ops/deform_conv.h does by strips and vectors on the CPU, here with one thread a number, as
// a GPU wants it, in the same layouts and equal up to the order of sums. The text is compiled for
// both (core/backend.h), so that tests hold it against the CPU's loops without a GPU.
#pragma once

#include "core/backend.h"
#include "models/ops/deform_conv.h"

namespace pluvia {

template <typename T>
struct DeformColumnsArgs {
  ops::DeformSizes sizes;
  ops::DeformInput<T> in;
  ops::PixelBlock block;
  T* columns = nullptr;  ///< (count, taps, channels)
};

template <typename T>
struct DeformBackwardArgs {
  ops::DeformSizes sizes;
  ops::DeformInput<T> in;
  ops::PixelBlock block;
  /// Gradients, (count, taps, channels). Kernels read them; who calls may put the columns there
  /// afterwards.
  T* columns = nullptr;
  ops::DeformGradient<T> gradient;
};

PLUVIA_DECLARE_KERNEL(device_deform_columns, DeformColumnsArgs<float>)
PLUVIA_DECLARE_KERNEL(device_deform_columns, DeformColumnsArgs<double>)

/// Sets the gradients of offset and mask.
PLUVIA_DECLARE_KERNEL(device_deform_positions, DeformBackwardArgs<float>)
PLUVIA_DECLARE_KERNEL(device_deform_positions, DeformBackwardArgs<double>)

/// Adds to the gradient of x. Which readings meet in a pixel depends on the offsets, so threads add
/// to it as they come (core/atomic_add.h): its last places differ from run to run.
PLUVIA_DECLARE_KERNEL(device_deform_picture, DeformBackwardArgs<float>)
PLUVIA_DECLARE_KERNEL(device_deform_picture, DeformBackwardArgs<double>)

}  // namespace pluvia
