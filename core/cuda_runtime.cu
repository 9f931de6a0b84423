// SPDX-License-Identifier: Apache-2.0
#include <cuda_runtime_api.h>

#include "core/cuda_runtime.h"
#include "core/error.h"

namespace pluvia::cuda_runtime {
namespace {

void check(cudaError_t status, const char* verb) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // a launch error would otherwise be reported again by the next call
  fail(verb, " on the GPU: ", cudaGetErrorString(status));
}

}  // namespace

bool built() { return true; }

void select(int device) { check(cudaSetDevice(device), "choosing the device"); }

void* allocate(std::size_t bytes) {
  void* address = nullptr;
  const cudaError_t status = cudaMalloc(&address, bytes == 0 ? 1 : bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    fail("reserving ", bytes,
         " bytes on the GPU: not that much is free; choose smaller tiles or "
         "--device cpu");
  }
  check(status, "reserving memory");
  return address;
}

void release(void* address) noexcept { cudaFree(address); }

void copy(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) check(cudaMemcpy(to, from, bytes, cudaMemcpyDefault), "copying");
}

void launched(const char* what) { check(cudaGetLastError(), what); }

void finish(const char* what) {
  check(cudaGetLastError(), what);
  check(cudaDeviceSynchronize(), what);
}

}  // namespace pluvia::cuda_runtime
