// SPDX-License-Identifier: Apache-2.0
// for_each(n, lambda): one call of the lambda per index, on the threads of the CPU or as a CUDA
// launch, depending on which compiler builds the file (core/backend.h).
//
// On x86-64 the loop is compiled for the psABI's levels v2, v3 and v4 besides the baseline, with
// the lambda inlined into each, and picked when the program is loaded. Contraction to fma is off
// (cmake/PluviaBuild.cmake), so all levels give the same bits. All that the lambda calls is inlined
// (flatten): a function left out of line would stay at the baseline level. Its bodies must be seen.
#pragma once

#include <cstdint>

#include "core/backend.h"

#ifdef __CUDACC__
#include "core/cuda_runtime.h"
#else
#include "core/parallel.h"
#endif

// Resolvers of function multiversioning run before the sanitizers' runtimes; clang 14 does not
// version templates.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PLUVIA_ALL_LEVELS \
  __attribute__((flatten, \
                 target_clones("default", "arch=x86-64-v2", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define PLUVIA_ALL_LEVELS
#endif

namespace pluvia::PLUVIA_BACKEND {

#ifdef __CUDACC__

template <typename Function>
__global__ void for_each_kernel(std::int64_t n, Function function) {
  const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
       i += stride) {
    function(i);
  }
}

template <typename Function>
void for_each(std::int64_t n, const Function& function) {
  if (n <= 0) return;
  constexpr std::int64_t kBlock = 256;
  constexpr std::int64_t kMostBlocks = 1 << 20;
  const std::int64_t blocks = (n + kBlock - 1) / kBlock;
  for_each_kernel<<<static_cast<unsigned>(blocks < kMostBlocks ? blocks : kMostBlocks), kBlock>>>(
      n, function);
  cuda_runtime::finish("running a kernel");
}

#else

template <typename Function>
PLUVIA_ALL_LEVELS void run_range(std::int64_t begin, std::int64_t end, const Function& function) {
  for (std::int64_t i = begin; i < end; ++i) function(i);
}

template <typename Function>
void for_each(std::int64_t n, const Function& function) {
  // Enough indices that handing out a range costs little beside working on it.
  constexpr std::int64_t kGrain = 1 << 14;
  parallel_for(n, kGrain,
               [&](std::int64_t begin, std::int64_t end) { run_range(begin, end, function); });
}

#endif

}  // namespace pluvia::PLUVIA_BACKEND
