// SPDX-License-Identifier: Apache-2.0
// The few calls of the CUDA runtime that core needs, checked. cuda_runtime.cu serves CUDA builds,
// cuda_runtime_absent.cpp the others.
#pragma once

#include <cstddef>

namespace pluvia::cuda_runtime {

bool built();
void select(int device);
void* allocate(std::size_t bytes);
void release(void* address) noexcept;
/// Between any two places, host or device; complete when it returns.
void copy(void* to, const void* from, std::size_t bytes);
/// After a launch: an Error when it was refused. Work goes on; launches and copies run in order.
void launched(const char* what);
/// Waits for launched work; an Error names what failed.
void finish(const char* what);

}  // namespace pluvia::cuda_runtime
