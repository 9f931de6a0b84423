// SPDX-License-Identifier: Apache-2.0
// The forward pass. Time goes to 2^x: one for every channel, token and state.
#include "models/ops/selective_scan.h"

#include <cstdint>

#include "core/error.h"
#include "core/for_each.h"
#include "models/ops/scan_block.h"

namespace pluvia::ops {
namespace {

/// One token: states decay, take in the token, and give y.
template <typename T>
inline void step_states(const ScanConstants<T>& constants, const T* b, const T* c, int padded,
                        const T* dt, const T* dtx, T* state, T* y) {
  for (int n = 0; n < padded; n += kStatesAtOnce) {
    const T* const decay = constants.decay + n * kLanes;
    T* const h = state + n * kLanes;
    for (int i = 0; i < kLanes; ++i) {
      T sum = y[i];
      for (int k = 0; k < kStatesAtOnce; ++k) {
        const T next = exp2_of(dt[i] * decay[k * kLanes + i]) * h[k * kLanes + i] + dtx[i] * b[n + k];
        h[k * kLanes + i] = next;
        sum += next * c[n + k];
      }
      y[i] = sum;
    }
  }
}

template <typename T>
inline void run_block(const ScanBlock<T>& block, T* out, T* chunk_states) {
  const ScanInput<T>& in = block.in;
  const std::int64_t first = block.first_channel();
  const int count = block.count();
  const int padded = block.padded_states();
  const ScanConstants<T> constants(block);
  alignas(64) T state[kScanMostStates * kLanes];
  for (int i = 0; i < padded * kLanes; ++i) state[i] = 0;
  for (std::int64_t l = 0; l < in.tokens; ++l) {
    const std::int64_t row = block.row(l);
    if (chunk_states != nullptr && l % kScanChunk == 0) {
      T* const keep = chunk_states + block.state_offset(l / kScanChunk);
      for (std::int64_t i = 0; i < in.states * kLanes; ++i) keep[i] = state[i];
    }
    alignas(64) T b[kScanMostStates];
    alignas(64) T c[kScanMostStates];
    alignas(64) T x[kLanes];
    alignas(64) T dt[kLanes];
    alignas(64) T gate[kLanes];
    alignas(64) T dtx[kLanes];
    alignas(64) T y[kLanes];
    load_states(in.b.row(row), in.states, padded, b);
    load_states(in.c.row(row), in.states, padded, c);
    load_lanes(in.x.row(row) + first, count, x);
    load_lanes(in.step.row(row) + first, count, dt);
    load_lanes(in.gate.row(row) + first, count, gate);
    for (int i = 0; i < kLanes; ++i) {
      dt[i] = softplus(dt[i] + constants.bias[i]);
      dtx[i] = dt[i] * x[i];
      y[i] = constants.skip[i] * x[i];
      gate[i] = silu(gate[i]);
    }
    step_states(constants, b, c, padded, dt, dtx, state, y);
    for (int i = 0; i < kLanes; ++i) y[i] *= gate[i];
    store_lanes(y, count, out + row * in.channels + first);
  }
}

}  // namespace

template <typename T>
void scan_forward(const ScanInput<T>& input, T* out, T* chunk_states) {
  PLUVIA_CHECK(input.states <= kScanMostStates, input.states);
  const std::int64_t blocks = input.blocks();
  const auto task = [&input, out, chunk_states, blocks](std::int64_t i) {
    run_block(ScanBlock<T>{input, i / blocks, i % blocks}, out, chunk_states);
  };
  cpu_backend::for_each(input.batch * blocks, task, 1);
}

template void scan_forward(const ScanInput<float>&, float*, float*);
template void scan_forward(const ScanInput<double>&, double*, double*);

}  // namespace pluvia::ops
