// SPDX-License-Identifier: Apache-2.0
// From LibTorch's devices to those of our kernels (core/backend.h).
//
// Kernels go to the default stream of the tensor's GPU, which is LibTorch's too unless a program
// chooses another: so they run in order with LibTorch's own work, and memory that its allocator
// takes back right after a launch is not handed out for work before it.
#pragma once

#include "core/device.h"
#include "core/error.h"
#include "models/torch_pch.h"

namespace pluvia::ops {

/// Whether this build has our operators' CUDA bodies.
inline bool device_kernels_built() { return cuda_kernels_built(); }

/// Where a tensor lies; an Error where `what` has no body for it.
inline Device device_of(const torch::Tensor& tensor, const char* what) {
  if (tensor.is_cpu()) return {};
  const auto place = tensor.device().str();
  if (!tensor.is_cuda()) fail(what, " on ", place, ": it runs on CPUs and CUDA devices only");
  if (!device_kernels_built()) {
    fail(what, " on ", place, ": this build has no CUDA kernels; configure it with "
         "-DPLUVIA_WITH_CUDA=ON or use --device cpu");
  }
  return {DeviceKind::kCuda, tensor.device().index()};
}

}  // namespace pluvia::ops
