// SPDX-License-Identifier: Apache-2.0
// How much memory LibTorch's CPU tensors hold, now and at most: an allocator that counts. Only for
// programs that measure.
#pragma once

#include <cstdint>

namespace pluvia::bench {

/// From now on counts; once per program, before the first tensor.
void count_tensor_memory();

std::int64_t tensor_bytes();
/// Since the last call of forget_peak().
std::int64_t peak_tensor_bytes();
void forget_peak();

}  // namespace pluvia::bench
