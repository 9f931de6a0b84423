// SPDX-License-Identifier: Apache-2.0
// Rows of tokens and blocks of channels, which all operators on tokens share. Tokens are rows with
// channels contiguous; work is cut into blocks of kLanes channels. Channels past the last read as
// zero, so that loops over lanes have a fixed length and vectorise.
#pragma once

#include <cstdint>

#include "core/backend.h"

namespace pluvia::ops {

inline constexpr int kLanes = 32;

inline constexpr std::int64_t lane_blocks(std::int64_t channels) {
  return (channels + kLanes - 1) / kLanes;
}
inline constexpr int lanes_in(std::int64_t channels, std::int64_t block) {
  const std::int64_t left = channels - block * kLanes;
  return static_cast<int>(left < kLanes ? left : kLanes);
}

/// Rows of a (batch, tokens, ...) tensor, `stride` elements from one to the next, also from the
/// last of a batch to the first of the next.
template <typename T>
struct Rows {
  T* data = nullptr;
  std::int64_t stride = 0;

  PLUVIA_MEMBER T* row(std::int64_t index) const { return data + index * stride; }
};

template <typename T>
inline void load_lanes(const T* from, int count, T* to) {
  for (int i = 0; i < kLanes; ++i) to[i] = i < count ? from[i] : T{0};
}

/// Where to read a block's lanes from: in place where it is whole. Copying it first would cost more
/// than the work on it: compilers copy by 16 bytes, and a wider load of bytes just written by two
/// narrower stores waits for both to reach the cache.
template <typename T>
inline const T* lanes_of(const T* from, int count, T* room) {
  if (count == kLanes) return from;
  load_lanes(from, count, room);
  return room;
}

/// Where to write a block's lanes: in place where it is whole, else into `room`, from which
/// finish_lanes() takes them.
template <typename T>
inline T* lanes_to(T* to, int count, T* room) {
  return count == kLanes ? to : room;
}
template <typename T>
inline void finish_lanes(T* to, int count, const T* room) {
  if (count == kLanes) return;
  for (int i = 0; i < count; ++i) to[i] = room[i];
}

template <typename T>
inline void store_lanes(const T* from, int count, T* to) {
  for (int i = 0; i < count; ++i) to[i] = from[i];
}

}  // namespace pluvia::ops

/// Before a loop over lanes whose pointers never overlap: without it the many pairs of them would
/// each need a check, and past ten pairs gcc gives up vectorising.
#ifdef __GNUC__
#ifdef __clang__
#define PLUVIA_LANES _Pragma("clang loop vectorize(assume_safety)")
#else
#define PLUVIA_LANES _Pragma("GCC ivdep")
#endif
#else
#define PLUVIA_LANES
#endif
