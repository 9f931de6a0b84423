// SPDX-License-Identifier: Apache-2.0
// From LibTorch's devices to those of our kernels (core/backend.h).
//
// Kernels go to the default stream of the tensor's GPU, which is LibTorch's too unless a program
// chooses another: so they run in order with LibTorch's own work, and memory that its allocator
// takes back right after a launch is not handed out for work before it. The GPU stays the thread's
// current one; LibTorch chooses by its tensors anyway.
#pragma once

#include "core/device.h"
#include "core/error.h"
#include "core/parallel.h"
#include "models/torch_pch.h"

namespace pluvia::ops {

/// Whether this build has our operators' CUDA bodies.
inline bool device_kernels_built() { return cuda_kernels_built(); }

/// Whether an operator takes the body for devices of many threads. On the CPU only where tests ask
/// for what GPUs run.
inline bool takes_device_body(const Device& device) {
  return device.kind == DeviceKind::kCuda || pixel_order();
}

/// Where tensors lie, all of them; an Error where `what` has no body for it.
inline Device device_of(torch::TensorList tensors, const char* what) {
  const torch::Device place = tensors[0].device();
  for (const torch::Tensor& one : tensors) {
    if (one.device() != place) {
      fail(what, ": its tensors lie on ", place.str(), " and on ", one.device().str());
    }
  }
  if (place.is_cpu()) return {};
  if (!place.is_cuda()) fail(what, " on ", place.str(), ": it runs on CPUs and CUDA devices only");
  if (!device_kernels_built()) {
    fail(what, " on ", place.str(),
         ": this build has no CUDA kernels; configure it with "
         "-DPLUVIA_WITH_CUDA=ON or use --device cpu");
  }
  return {DeviceKind::kCuda, place.index()};
}

}  // namespace pluvia::ops
