// SPDX-License-Identifier: Apache-2.0
// The forward pass. Time goes to 2^x: one for every channel, token and state, by a table where the
// CPU can look up in registers.
#include "models/ops/selective_scan.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "core/cpu.h"
#include "core/error.h"
#include "core/for_each.h"
#include "core/parallel.h"
#include "models/ops/decay_table.h"
#include "models/ops/scan_block.h"

namespace pluvia::ops {
namespace {

/// Tokens that are made ready together: their rows come from memory at the same time.
constexpr int kGroup = 8;

template <typename T>
struct TokenGroup {
  const T* b[kGroup];
  const T* c[kGroup];
  alignas(64) T b_room[kGroup][kScanMostStates];
  alignas(64) T c_room[kGroup][kScanMostStates];
  alignas(64) T size[kGroup][kLanes];  ///< dt, not beyond what decays need
  alignas(64) T dtx[kGroup][kLanes];
  alignas(64) T gate[kGroup][kLanes];
  alignas(64) T y[kGroup][kLanes];
  alignas(64) T step_exp[kGroup][kLanes];
  alignas(64) T gate_exp[kGroup][kLanes];
};

// A block's lanes of successive tokens are far apart, which the CPU does not foresee.
template <int kForWriting, typename T>
inline void fetch_lanes(T* at) {
  constexpr int kLine = 64 / sizeof(T);
  for (int i = 0; i < kLanes; i += kLine) __builtin_prefetch(at + i, kForWriting);
}

template <typename T>
inline void make_ready(const ScanBlock<T>& block, const ScanConstants<T>& constants,
                       std::int64_t begin, int count, TokenGroup<T>& group, T* out) {
  const ScanInput<T>& in = block.in;
  const std::int64_t first = block.first_channel();
  for (int k = 0; k < count; ++k) {
    const std::int64_t row = block.row(begin + k);
    group.b[k] = block.states_of(in.b.row(row), group.b_room[k]);
    group.c[k] = block.states_of(in.c.row(row), group.c_room[k]);
    alignas(64) T room[3][kLanes];
    const T* const x = lanes_of(in.x.row(row) + first, block.count(), room[0]);
    const T* const step = lanes_of(in.step.row(row) + first, block.count(), room[1]);
    const T* const gate = lanes_of(in.gate.row(row) + first, block.count(), room[2]);
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) {
      const T raw = step[i] + constants.bias[i];
      group.size[k][i] = raw;
      group.step_exp[k][i] = exp_of_minus_size(raw);
    }
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) {
      group.gate[k][i] = gate[i];
      group.gate_exp[k][i] = exp_of_minus_size(gate[i]);
      group.dtx[k][i] = x[i];
      group.y[k][i] = constants.skip[i] * x[i];
    }
    if (begin + k + kGroup < in.tokens) {
      const std::int64_t next = block.row(begin + k + kGroup);
      fetch_lanes<0>(in.x.row(next) + first);
      fetch_lanes<0>(in.step.row(next) + first);
      fetch_lanes<0>(in.gate.row(next) + first);
      fetch_lanes<1>(out + next * in.channels + first);
    }
  }
  for (int k = 0; k < count; ++k) {
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) {
      const T dt = softplus_from(group.size[k][i], group.step_exp[k][i]);
      group.size[k][i] = dt > constants.longest[i] ? constants.longest[i] : dt;
      group.dtx[k][i] *= dt;
    }
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) {
      group.gate[k][i] *= logistic_from(group.gate[k][i], group.gate_exp[k][i]);
    }
  }
}

/// One token: states decay, take in the token, and give y.
template <typename T>
inline void step_states(const ScanConstants<T>& constants, int padded, int k, TokenGroup<T>& group,
                        T* state) {
  const T* const size = group.size[k];
  const T* const dtx = group.dtx[k];
  T* const y = group.y[k];
  for (int n = 0; n < padded; n += kStatesAtOnce) {
    const T* const rate = constants.decay + n * kLanes;
    T* const h = state + n * kLanes;
    T b[kStatesAtOnce];
    T c[kStatesAtOnce];
    for (int j = 0; j < kStatesAtOnce; ++j) {
      b[j] = group.b[k][n + j];
      c[j] = group.c[k][n + j];
    }
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) {
      T sum = y[i];
      for (int j = 0; j < kStatesAtOnce; ++j) {
        const int at = j * kLanes + i;
        const T next = decay_of(size[i], rate[at]) * h[at] + dtx[i] * b[j];
        h[at] = next;
        sum += next * c[j];
      }
      y[i] = sum;
    }
  }
}

#ifdef PLUVIA_HAS_DECAY_TABLE
/// The same by a table.
inline void step_states(const ScanConstants<float>& constants, const DecayTable& table, int padded,
                        int k, TokenGroup<float>& group, float* state) {
  constexpr int kParts = kLanes / 16;
  Lanes16 size[kParts];
  Lanes16 dtx[kParts];
  Lanes16 y[kParts];
  for (int i = 0; i < kParts; ++i) {
    size[i] = lanes16_at(group.size[k] + i * 16);
    dtx[i] = lanes16_at(group.dtx[k] + i * 16);
    y[i] = lanes16_at(group.y[k] + i * 16);
  }
  for (int n = 0; n < padded; ++n) {
    const float* const rate = constants.decay + n * kLanes;
    const float b = group.b[k][n];
    const float c = group.c[k][n];
    for (int i = 0; i < kParts; ++i) {
      Lanes16& h = lanes16_at(state + n * kLanes + i * 16);
      Lanes16 decay;
      table.decay(size[i], lanes16_at(rate + i * 16), decay);
      h = decay * h + dtx[i] * b;
      y[i] += h * c;
    }
  }
  for (int i = 0; i < kParts; ++i) lanes16_at(group.y[k] + i * 16) = y[i];
}
#endif

/// Stands for a table where decays are worked out in full.
struct NoTable {};
template <typename T>
inline void step_states(const ScanConstants<T>& constants, const NoTable&, int padded, int k,
                        TokenGroup<T>& group, T* state) {
  step_states(constants, padded, k, group, state);
}

/// A block's constants and its states between groups of tokens.
template <typename T>
struct RunningBlock {
  ScanConstants<T> constants;
  alignas(64) T state[kScanMostStates * kLanes] = {};

  explicit RunningBlock(const ScanBlock<T>& block) : constants(block) {}
};

template <typename T, typename Table>
inline void run_group(const ScanBlock<T>& block, const Table& table, std::int64_t begin, T* out,
                      T* chunk_states, RunningBlock<T>& running) {
  static_assert(kScanChunk % kGroup == 0, "chunks begin where groups do");
  const ScanInput<T>& in = block.in;
  if (chunk_states != nullptr && begin % kScanChunk == 0) {
    T* const keep = chunk_states + block.state_offset(begin / kScanChunk);
    for (std::int64_t i = 0; i < in.states * kLanes; ++i) keep[i] = running.state[i];
  }
  const std::int64_t left = in.tokens - begin;
  const int count = static_cast<int>(left < kGroup ? left : kGroup);
  TokenGroup<T> group;
  make_ready(block, running.constants, begin, count, group, out);
  for (int k = 0; k < count; ++k) {
    step_states(running.constants, table, block.padded_states(), k, group, running.state);
    alignas(64) T room[kLanes];
    T* const row = out + block.row(begin + k) * in.channels + block.first_channel();
    T* const to = lanes_to(row, block.count(), room);
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) to[i] = group.y[k][i] * group.gate[k][i];
    finish_lanes(row, block.count(), room);
  }
}

/// Blocks that a task takes through the tokens side by side: it reads longer pieces of rows.
constexpr std::int64_t kMostBlocks = 4;

template <typename T, typename Table>
inline void run_blocks(const ScanInput<T>& in, const Table& table, std::int64_t batch,
                       std::int64_t first_block, std::int64_t count, T* out, T* chunk_states) {
  alignas(64) std::byte room[kMostBlocks][sizeof(RunningBlock<T>)];
  RunningBlock<T>* running[kMostBlocks];
  for (std::int64_t k = 0; k < count; ++k) {
    running[k] = new (room[k]) RunningBlock<T>(ScanBlock<T>{in, batch, first_block + k});
  }
  for (std::int64_t begin = 0; begin < in.tokens; begin += kGroup) {
    for (std::int64_t k = 0; k < count; ++k) {
      const ScanBlock<T> block = {in, batch, first_block + k};
      run_group(block, table, begin, out, chunk_states, *running[k]);
    }
  }
}

}  // namespace

template <typename T>
void scan_forward(const ScanInput<T>& input, T* out, T* chunk_states) {
  PLUVIA_CHECK(input.states <= kScanMostStates, input.states);
  const std::int64_t blocks = input.blocks();
  // Only who computes a block depends on the threads, never what comes out.
  const std::int64_t share = input.batch * blocks / thread_count();
  const std::int64_t together = std::clamp<std::int64_t>(share, 1, kMostBlocks);
  const std::int64_t parts = (blocks + together - 1) / together;
  const auto run = [&](const auto& table, std::int64_t i) {
    const std::int64_t first = i % parts * together;
    const std::int64_t count = first + together < blocks ? together : blocks - first;
    run_blocks(input, table, i / parts, first, count, out, chunk_states);
  };
#ifdef PLUVIA_HAS_DECAY_TABLE
  if constexpr (std::is_same_v<T, float>) {
    if (kernel_level() == CpuLevel::kV4) {
      const DecayTable table;
      return parallel_for(input.batch * parts, 1, [&](std::int64_t begin, std::int64_t end) {
        cpu_backend::run_at_v4([&] {
          for (std::int64_t i = begin; i < end; ++i) run(table, i);
        });
      });
    }
  }
#endif
  cpu_backend::for_each(
      input.batch * parts, [&](std::int64_t i) { run(NoTable{}, i); }, 1);
}

template void scan_forward(const ScanInput<float>&, float*, float*);
template void scan_forward(const ScanInput<double>&, double*, double*);

}  // namespace pluvia::ops
