// SPDX-License-Identifier: Apache-2.0
// What both directions of the scan for devices share: a thread's part of the tokens, groups of
// states, and the step from chunk to chunk. Private to models/ops/device_scan*.cpp.
#pragma once

#include <cstdint>

#include "core/for_each.h"
#include "models/ops/device_scan.h"
#include "models/ops/vector_math.h"

namespace pluvia::PLUVIA_BACKEND {

/// States that a thread has in registers at a time: all of RainMamba's.
inline constexpr int kStateGroup = 16;

/// One chunk of one channel. Steps count in the direction of the scan, from the chunk's first.
template <typename T>
struct ScanPiece {
  const ops::ScanInput<T>& in;
  std::int64_t chunks, channel, chunk, batch;

  /// `index` is (batch * chunks + chunk) * channels + channel.
  PLUVIA_MEMBER ScanPiece(const ops::ScanInput<T>& input, std::int64_t index)
      : in(input),
        chunks(ops::device_scan_chunks(input.tokens)),
        channel(index % input.channels),
        chunk(index / input.channels % chunks),
        batch(index / input.channels / chunks) {}

  PLUVIA_MEMBER int count() const {
    const std::int64_t left = in.tokens - chunk * ops::kDeviceScanChunk;
    return static_cast<int>(left < ops::kDeviceScanChunk ? left : ops::kDeviceScanChunk);
  }
  PLUVIA_MEMBER std::int64_t row(int step) const {
    const std::int64_t token = chunk * ops::kDeviceScanChunk + step;
    return batch * in.tokens + (in.reverse ? in.tokens - 1 - token : token);
  }
  PLUVIA_MEMBER T x(std::int64_t row) const { return in.x.row(row)[channel]; }
  PLUVIA_MEMBER T raw_step(std::int64_t row) const {
    return in.step.row(row)[channel] + in.step_bias[channel];
  }
  /// Where a state of this chunk and channel lies.
  PLUVIA_MEMBER std::int64_t state_at(std::int64_t state) const {
    return ((batch * chunks + chunk) * in.states + state) * in.channels + channel;
  }
};

/// A log2(e), so that a decay is 2^(dt rate).
template <typename T>
PLUVIA_FUNCTION T decay_rate(const ops::ScanInput<T>& in, std::int64_t channel,
                             std::int64_t state) {
  return -ops::exp_of(in.a_log[channel * in.states + state]) * static_cast<T>(ops::kLog2e);
}

/// Up to kStateGroup states of one channel from the `first` on; those past the last are zeros that
/// stay zeros.
template <typename T>
struct StateGroup {
  int first, count;
  T rate[kStateGroup];

  PLUVIA_MEMBER StateGroup(const ScanPiece<T>& piece, int first_state) : first(first_state) {
    const auto left = static_cast<int>(piece.in.states) - first;
    count = left < kStateGroup ? left : kStateGroup;
    for (int k = 0; k < kStateGroup; ++k) {
      rate[k] = k < count ? decay_rate(piece.in, piece.channel, first + k) : T{0};
    }
  }
  /// Of a token's b or c.
  PLUVIA_MEMBER void load_row(const T* row, T* to) const {
    for (int k = 0; k < kStateGroup; ++k) to[k] = k < count ? row[first + k] : T{0};
  }
  /// From and to an array that state_at() addresses.
  PLUVIA_MEMBER void load(const ScanPiece<T>& piece, const T* from, T* to) const {
    for (int k = 0; k < kStateGroup; ++k) {
      to[k] = k < count ? from[piece.state_at(first + k)] : T{0};
    }
  }
  PLUVIA_MEMBER void store(const ScanPiece<T>& piece, const T* from, T* to) const {
    for (int k = 0; k < count; ++k) to[piece.state_at(first + k)] = from[k];
  }
  /// One token: `after` may be `before`.
  PLUVIA_MEMBER void advance(T dt, T dtx, const T* b, const T* before, T* after) const {
    for (int k = 0; k < kStateGroup; ++k) {
      after[k] = ops::exp2_of(dt * rate[k]) * before[k] + dtx * b[k];
    }
  }
};

/// One state of one channel of one sequence through all chunks: what each alone leaves becomes what
/// it starts from. `index` is (batch * states + state) * channels + channel.
template <typename T>
PLUVIA_FUNCTION void carry_through_chunks(const ops::ScanInput<T>& in, const T* step_sums,
                                          bool from_end, std::int64_t index, T* states) {
  const std::int64_t chunks = ops::device_scan_chunks(in.tokens);
  const std::int64_t channel = index % in.channels;
  const std::int64_t state = index / in.channels % in.states;
  const std::int64_t batch = index / in.channels / in.states;
  const T rate = decay_rate(in, channel, state);
  T carried = 0;
  for (std::int64_t k = 0; k < chunks; ++k) {
    const std::int64_t chunk = batch * chunks + (from_end ? chunks - 1 - k : k);
    T* const at = states + (chunk * in.states + state) * in.channels + channel;
    const T left = *at;
    *at = carried;
    carried = ops::exp2_of(step_sums[chunk * in.channels + channel] * rate) * carried + left;
  }
}

}  // namespace pluvia::PLUVIA_BACKEND
