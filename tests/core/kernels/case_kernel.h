// SPDX-License-Identifier: Apache-2.0
// A kernel that uses what kernels use (memory, randomness, own mathematics), for the table of
// backends in for_each_test.cpp.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace pluvia {

struct CaseArgs {
  const float* in = nullptr;
  float* out = nullptr;
  std::int64_t n = 0;
  std::uint64_t seed = 0;
};

PLUVIA_DECLARE_KERNEL(case_kernel, CaseArgs)

}  // namespace pluvia
