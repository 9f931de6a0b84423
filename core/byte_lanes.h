// SPDX-License-Identifier: Apache-2.0
// Interleaved RGB bytes to 32-bit numbers by channel, and back.
//
// g++ picks the registers of a loop by its narrowest numbers, so that what is widened goes to
// memory in halves of the widest registers. A load of a whole one soon after waits for both stores,
// about as long as forty additions: split a row well before its numbers are used, and write bytes
// where they are to stay.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace pluvia {

/// N pixels; channels of `out` are kNext numbers apart.
template <int N, int kNext>
PLUVIA_FUNCTION void split(const std::uint8_t* codes, std::int32_t* out) {
  std::uint8_t bytes[3][N];
  for (int x = 0; x < N; ++x) {
    bytes[0][x] = codes[3 * x];
    bytes[1][x] = codes[3 * x + 1];
    bytes[2][x] = codes[3 * x + 2];
  }
  for (int c = 0; c < 3; ++c) {
    for (int x = 0; x < N; ++x) out[c * kNext + x] = bytes[c][x];
  }
}

/// The lowest byte of each number.
template <int N>
PLUVIA_FUNCTION void narrow(const std::int32_t* numbers, std::uint8_t* out) {
  for (int x = 0; x < N; ++x) out[x] = static_cast<std::uint8_t>(numbers[x]);
}

/// The way back from split.
template <int N>
PLUVIA_FUNCTION void weave(const std::int32_t codes[3][N], std::uint8_t* out) {
  std::uint8_t bytes[3][N];
  for (int c = 0; c < 3; ++c) narrow<N>(codes[c], bytes[c]);
  for (int x = 0; x < N; ++x) {
    out[3 * x] = bytes[0][x];
    out[3 * x + 1] = bytes[1][x];
    out[3 * x + 2] = bytes[2][x];
  }
}

}  // namespace pluvia
