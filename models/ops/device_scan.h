// SPDX-License-Identifier: Apache-2.0
// The selective scan (models/ops/selective_scan.h says what it computes) for devices of many
// threads: a chunked parallel scan. The recurrence is linear in the state, so a chunk of tokens is
//
//   state after = P state before + E,   P = exp(A sum of dt),   E: the state after it, from zero
//
//   forward    one thread a (batch, chunk, channel):   E and the sum of dt
//              one thread a (batch, state, channel):   the states before all chunks, in turn
//              one thread a (batch, chunk, channel):   the output, from the state before the chunk
//
// The gradient d of a state obeys the same recurrence from the last token to the first, with the
// same P: d[l] = c[l] g[l] + exp(A dt[l+1]) d[l+1], g the gradient of the ungated y. So the
// backward pass does the first two steps again in that direction. Then the chunks' states are made
// again twice: with a thread a state, which sums over a block of channels (gradients of b and c),
// and with a thread a channel, which sums over states (x, step, gate and the parameters).
//
// Channels are innermost wherever a thread has one, so neighbours read neighbouring addresses. All
// sums have a fixed order and there are no atomics: results are the same in every run.
//
// Memory besides input and output, in units of x at 16 states: forward, states before chunks 1 and
// sums of dt 1/16; backward, the states kept, gradients of states 1, blocks' shares of the
// gradients of b and c 1, and chunks' of the parameters' 1/8: 3.1, as much as the input. Each
// thread of the last backward step also has 17 x 16 states to itself, which a GPU keeps in memory
// besides: 1.3 KB for each thread under way, in single precision.
//
// Decays may be as small as 2^-126 (2^-1022 in double precision), never smaller.
#pragma once

#include <cstdint>

#include "core/backend.h"
#include "models/ops/selective_scan.h"

namespace pluvia::ops {

inline constexpr int kDeviceScanChunk = 16;

inline constexpr std::int64_t device_scan_chunks(std::int64_t tokens) {
  return (tokens + kDeviceScanChunk - 1) / kDeviceScanChunk;
}

template <typename T>
struct DeviceScan {
  ScanInput<T> in;
  T* out = nullptr;        ///< (batch, tokens, channels), contiguous
  T* states = nullptr;     ///< (batch, chunks, states, channels): before chunks, kept for later
  T* step_sums = nullptr;  ///< room for (batch, chunks, channels)

  std::int64_t step_sum_count() const {
    return in.batch * device_scan_chunks(in.tokens) * in.channels;
  }
  std::int64_t state_count() const { return step_sum_count() * in.states; }
};

template <typename T>
struct DeviceScanBackward {
  ScanInput<T> in;
  const T* out_gradient = nullptr;  ///< contiguous
  const T* states = nullptr;        ///< what the forward pass left
  ScanGradients<T> to;              ///< `partial` as there, with room for the blocks of kLanes
  T* state_gradients = nullptr;     ///< room for as many as there are states
  T* step_sums = nullptr;           ///< room for (batch, chunks, channels)
  T* skip_sums = nullptr;           ///< the same
};

}  // namespace pluvia::ops

namespace pluvia {

PLUVIA_DECLARE_KERNEL(device_scan, ops::DeviceScan<float>)
PLUVIA_DECLARE_KERNEL(device_scan, ops::DeviceScan<double>)
PLUVIA_DECLARE_KERNEL(device_scan_backward, ops::DeviceScanBackward<float>)
PLUVIA_DECLARE_KERNEL(device_scan_backward, ops::DeviceScanBackward<double>)

}  // namespace pluvia
