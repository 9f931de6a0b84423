// SPDX-License-Identifier: Apache-2.0
// One kernel source for CPU and CUDA: what the two compilers call things. Only this header and
// core/for_each.h ask which compiler runs.
//
// A kernel file is compiled once by the host compiler into namespace cpu_backend, and in CUDA
// builds once more by nvcc into namespace cuda_backend. So the CPU's code (and its content) is the
// same in builds with and without CUDA, and its lambdas are ordinary ones that inline and
// vectorise; nvcc's host-and-device lambdas are called through pointers on the host.
//
//   // blur.h                                   // blur.cpp, listed in pluvia_kernels(...)
//   struct BlurArgs { ... };                    #include "core/for_each.h"
//   PLUVIA_DECLARE_KERNEL(blur, BlurArgs)       namespace pluvia::PLUVIA_BACKEND {
//                                               void blur(const BlurArgs& args) {
//   blur(device, args);  // picks                 for_each(n, PLUVIA_LAMBDA(std::int64_t i) {...});
//                                               }}
//
// Arguments are plain structs of numbers and pointers into memory of the device that is asked.
#pragma once

#include "core/device.h"

#ifdef __CUDACC__
#define PLUVIA_BACKEND cuda_backend
#define PLUVIA_FUNCTION __host__ __device__ inline
#define PLUVIA_MEMBER __host__ __device__
#define PLUVIA_LAMBDA [=] __device__
#define PLUVIA_PREFETCH(address) static_cast<void>(address)
#else
#define PLUVIA_BACKEND cpu_backend
#define PLUVIA_FUNCTION inline
#define PLUVIA_MEMBER
#define PLUVIA_LAMBDA [=]
/// Asks for a line of memory that will be needed soon; of no consequence to results.
#define PLUVIA_PREFETCH(address) __builtin_prefetch(address)
#endif

#ifdef PLUVIA_CUDA_BUILT
#define PLUVIA_CALL_CUDA(name, device, args) ::pluvia::cuda_backend::name(args)
#else
#define PLUVIA_CALL_CUDA(name, device, args) ::pluvia::refuse_cuda_kernel(#name)
#endif

/// Declares both compilations of a kernel and the function that picks one by device. Used inside
/// namespace pluvia.
#define PLUVIA_DECLARE_KERNEL(name, Args)                    \
  namespace cpu_backend {                                    \
  void name(const Args& args);                               \
  }                                                          \
  namespace cuda_backend {                                   \
  void name(const Args& args);                               \
  }                                                          \
  inline void name(const Device& device, const Args& args) { \
    if (device.kind == DeviceKind::kCuda) {                  \
      select_cuda_device(device);                            \
      PLUVIA_CALL_CUDA(name, device, args);                  \
    } else {                                                 \
      cpu_backend::name(args);                               \
    }                                                        \
  }
