// SPDX-License-Identifier: Apache-2.0
// Rounded BT.601 luma of 8-bit RGB, 16 + (65.481 R + 128.553 G + 24.966 B) / 255, to the last bit
// what exact arithmetic rounds to, on every CPU.
#pragma once

#include <cstdint>

namespace pluvia {

/// Of `n` pixels.
void y601_row(const std::uint8_t* rgb, std::uint8_t* out, int n);

}  // namespace pluvia
