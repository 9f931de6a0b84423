// SPDX-License-Identifier: Apache-2.0
// What the forward and the backward pass of the selective scan share: one block of kLanes
// channels of one sequence. Channels past the last and states past the last are zeros, which stay
// zeros. Private to models/ops/selective_scan*.cpp.
#pragma once

#include <cstdint>

#include "models/ops/selective_scan.h"
#include "models/ops/vector_math.h"

namespace pluvia::ops {

/// States that one turn of the loop over lanes handles; their b and c stay in registers.
inline constexpr int kStatesAtOnce = 4;

template <typename T>
struct ScanBlock {
  const ScanInput<T>& in;
  std::int64_t batch;
  std::int64_t block;

  std::int64_t first_channel() const { return block * kLanes; }
  int count() const { return lanes_in(in.channels, block); }
  int padded_states() const {
    return static_cast<int>((in.states + kStatesAtOnce - 1) / kStatesAtOnce) * kStatesAtOnce;
  }
  /// The row of the `step`-th token in the direction of the scan.
  std::int64_t row(std::int64_t step) const {
    return batch * in.tokens + (in.reverse ? in.tokens - 1 - step : step);
  }
  /// A token's b or c: in place where there is nothing to pad.
  const T* states_of(const T* from, T* room) const {
    const int padded = padded_states();
    if (padded == in.states) return from;
    for (int n = 0; n < padded; ++n) room[n] = n < in.states ? from[n] : T{0};
    return room;
  }
  std::int64_t state_offset(std::int64_t chunk) const {
    return ((batch * in.chunks() + chunk) * in.blocks() + block) * in.states * kLanes;
  }
};

/// Per channel: bias, skip and A log2(e), lanes innermost.
template <typename T>
struct ScanConstants {
  alignas(64) T bias[kLanes];
  alignas(64) T skip[kLanes];
  alignas(64) T longest[kLanes];  ///< step size beyond which nothing of a state is left
  alignas(64) T decay[kScanMostStates * kLanes];

  explicit ScanConstants(const ScanBlock<T>& block) {
    const std::int64_t first = block.first_channel();
    load_lanes(block.in.step_bias + first, block.count(), bias);
    load_lanes(block.in.skip + first, block.count(), skip);
    const int padded = block.padded_states();
    T steepest[kLanes] = {};
    for (int n = 0; n < padded; ++n) {
      for (int i = 0; i < kLanes; ++i) {
        const bool real = i < block.count() && n < block.in.states;
        const T a_log = real ? block.in.a_log[(first + i) * block.in.states + n] : T{0};
        const T rate = real ? -exp_of(a_log) * static_cast<T>(kLog2e) : T{0};
        steepest[i] = rate < steepest[i] ? rate : steepest[i];
        decay[n * kLanes + i] = rate;
      }
    }
    for (int i = 0; i < kLanes; ++i) longest[i] = largest_size(steepest[i]);
  }
};

}  // namespace pluvia::ops
