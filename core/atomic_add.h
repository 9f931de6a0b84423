// SPDX-License-Identifier: Apache-2.0
// Adding to memory that other threads add to as well, in kernel files (core/backend.h). Nothing is
// lost, but the order of the additions is that in which threads come by: sums of floating-point
// numbers differ in their last places from run to run, on the CPU with several threads too. So
// content is never made with it; gradients on a GPU may be, as LibTorch's own are.
#pragma once

#include "core/backend.h"

#ifndef __CUDACC__
#include <atomic>
#endif

namespace pluvia::PLUVIA_BACKEND {

#ifdef __CUDACC__

template <typename T>
__device__ inline void atomic_add(T* to, T value) {
  atomicAdd(to, value);
}

#else

template <typename T>
inline void atomic_add(T* to, T value) {
  std::atomic_ref<T>(*to).fetch_add(value, std::memory_order_relaxed);
}

#endif

}  // namespace pluvia::PLUVIA_BACKEND
