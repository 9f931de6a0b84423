// SPDX-License-Identifier: Apache-2.0
// Builds without a CUDA toolkit: nothing but the clear refusal.
#include "core/cuda_runtime.h"
#include "core/device.h"

namespace pluvia::cuda_runtime {

bool built() { return false; }
void select(int) { refuse_cuda_kernel("kernels"); }
void* allocate(std::size_t) { refuse_cuda_kernel("kernels"); }
void release(void*) noexcept {}
void copy(void*, const void*, std::size_t) { refuse_cuda_kernel("kernels"); }
void launched(const char* what) { refuse_cuda_kernel(what); }
void finish(const char* what) { refuse_cuda_kernel(what); }

}  // namespace pluvia::cuda_runtime
