// SPDX-License-Identifier: Apache-2.0
// Rounded BT.601 luma of 8-bit RGB, 16 + (65.481 R + 128.553 G + 24.966 B) / 255, to the last bit
// what exact arithmetic rounds to, on every CPU.
#pragma once

#include <cstdint>

namespace pluvia {

/// What it is written for. The first runs everywhere.
enum class LumaBody : std::uint8_t { kPlain, kAvx2, kAvx512, kVnni };

/// Of `n` pixels. `best`: none after it is used; tests compare them.
void y601_row(const std::uint8_t* rgb, std::uint8_t* out, int n, LumaBody best = LumaBody::kVnni);

}  // namespace pluvia
