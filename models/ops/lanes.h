// SPDX-License-Identifier: Apache-2.0
// Rows of tokens and blocks of channels, which all operators on tokens share. Tokens are rows with
// channels contiguous; work is cut into blocks of kLanes channels. Channels past the last read as
// zero, so that loops over lanes have a fixed length and vectorise.
#pragma once

#include <cstdint>

namespace pluvia::ops {

inline constexpr int kLanes = 32;

inline constexpr std::int64_t lane_blocks(std::int64_t channels) {
  return (channels + kLanes - 1) / kLanes;
}
inline constexpr int lanes_in(std::int64_t channels, std::int64_t block) {
  const std::int64_t left = channels - block * kLanes;
  return static_cast<int>(left < kLanes ? left : kLanes);
}

/// Rows of a (batch, tokens, ...) tensor; `stride` elements from one to the next, through batches too.
template <typename T>
struct Rows {
  T* data = nullptr;
  std::int64_t stride = 0;

  T* row(std::int64_t index) const { return data + index * stride; }
};

template <typename T>
inline void load_lanes(const T* from, int count, T* to) {
  if (count == kLanes) {
    for (int i = 0; i < kLanes; ++i) to[i] = from[i];
  } else {
    for (int i = 0; i < kLanes; ++i) to[i] = i < count ? from[i] : T{0};
  }
}

template <typename T>
inline void store_lanes(const T* from, int count, T* to) {
  if (count == kLanes) {
    for (int i = 0; i < kLanes; ++i) to[i] = from[i];
  } else {
    for (int i = 0; i < count; ++i) to[i] = from[i];
  }
}

}  // namespace pluvia::ops
