// SPDX-License-Identifier: Apache-2.0
// The selective scan of Mamba (Gu and Dao 2023, "S6"), fused with what surrounds it: the step
// size's bias and softplus before, the skip D and the gate after it. For channel e and token l:
//
//   dt = softplus(step[l,e] + step_bias[e]),  A = -exp(a_log)          (A is any negative matrix)
//   h[n] = exp(dt A[e,n]) h[n] + dt x[l,e] b[l,n]                      (zero-order hold, Euler)
//   out[l,e] = (sum_n h[n] c[l,n] + skip[e] x[l,e]) silu(gate[l,e])
//
// States h are never stored for all tokens: the forward pass keeps those at the start of every
// kScanChunk-th token when asked to, and the backward pass makes the others again chunk by chunk.
//
// Layout: tokens are rows, (batch, tokens, channels) with channels contiguous and any distance
// between rows, so slices of the projections' outputs are read in place. The work is cut into
// blocks of kLanes channels, whose states stay in the first cache level. Sums have a fixed order,
// so results do not depend on the number of threads.
//
// Memory besides input and output, in units of x at 16 states: kept states 1/2, and 1 for the
// blocks' shares of the gradients of b and c. The input is 3.1 of them.
#pragma once

#include <cstdint>

#include "models/ops/lanes.h"

namespace pluvia::ops {

inline constexpr std::int64_t kScanChunk = 32;
/// More states a channel are refused (RainMamba has 16).
inline constexpr std::int64_t kScanMostStates = 64;

template <typename T>
struct ScanInput {
  std::int64_t batch = 0, tokens = 0, channels = 0, states = 0;
  Rows<const T> x, step, gate;   ///< channels wide
  Rows<const T> b, c;            ///< states wide
  const T* a_log = nullptr;      ///< (channels, states)
  const T* skip = nullptr;       ///< (channels)
  const T* step_bias = nullptr;  ///< (channels)
  bool reverse = false;          ///< from the last token to the first

  std::int64_t blocks() const { return lane_blocks(channels); }
  std::int64_t chunks() const { return (tokens + kScanChunk - 1) / kScanChunk; }
  /// Elements of `chunk_states`.
  std::int64_t chunk_state_count() const { return batch * chunks() * blocks() * states * kLanes; }
};

/// `out` is (batch, tokens, channels), contiguous. `chunk_states` may be null.
template <typename T>
void scan_forward(const ScanInput<T>& input, T* out, T* chunk_states);

/// All contiguous, all overwritten.
template <typename T>
struct ScanGradients {
  T* x = nullptr;          ///< (batch, tokens, channels)
  T* step = nullptr;       ///< the same, before bias and softplus
  T* gate = nullptr;       ///< the same
  T* b = nullptr;          ///< (batch, tokens, states)
  T* c = nullptr;          ///< the same
  T* a_log = nullptr;      ///< (batch, channels, states), to be summed over the batch
  T* skip = nullptr;       ///< (batch, channels), to be summed over the batch
  T* step_bias = nullptr;  ///< the same
  T* partial = nullptr;    ///< room for blocks * batch * tokens * 2 * states elements
};

/// `out_gradient` is contiguous, `chunk_states` what the forward pass gave.
template <typename T>
void scan_backward(const ScanInput<T>& input, const T* out_gradient, const T* chunk_states,
                   const ScanGradients<T>& gradients);

}  // namespace pluvia::ops
