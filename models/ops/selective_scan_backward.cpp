// SPDX-License-Identifier: Apache-2.0
// The backward pass of the selective scan: chunks from the last to the first; in each the states
// are made again from the kept one, then gradients run from its last token to its first. With g the
// gradient of the ungated y and d that of the state h:
//
//   d[n] += g c[n];  dc[n] = sum_e g h[n];  db[n] = sum_e d[n] dt x;  d(dt x) = sum_n d[n] b[n]
//   t = d[n] h_before[n] exp(dt A);  d(dt) += t A;  dA[n] += t dt;  d[n] <- exp(dt A) d[n]
#include <cstdint>
#include <memory>

#include "core/error.h"
#include "core/for_each.h"
#include "models/ops/scan_block.h"
#include "models/ops/selective_scan.h"

namespace pluvia::ops {
namespace {

constexpr int kChunk = static_cast<int>(kScanChunk);
constexpr int kMostStates = static_cast<int>(kScanMostStates);

/// What a chunk's tokens need twice. About 200 KB at 16 states in single precision.
template <typename T>
struct ChunkRoom {
  alignas(64) T h[(kChunk + 1) * kMostStates * kLanes];  ///< before each token, and after the last
  alignas(64) T decay[kChunk * kMostStates * kLanes];    ///< exp(dt A)
  alignas(64) T x[kChunk][kLanes];
  alignas(64) T raw[kChunk][kLanes];  ///< the step's bias added
  alignas(64) T dt[kChunk][kLanes];
  alignas(64) T size[kChunk][kLanes];  ///< dt, not beyond what decays need
  alignas(64) T dtx[kChunk][kLanes];
  alignas(64) T y[kChunk][kLanes];
  const T* b[kChunk];
  const T* c[kChunk];
  alignas(64) T b_room[kChunk][kMostStates];
  alignas(64) T c_room[kChunk][kMostStates];
  alignas(64) T state_gradient[kMostStates * kLanes];
  alignas(64) T a_gradient[kMostStates * kLanes];
  alignas(64) T skip_gradient[kLanes];
  alignas(64) T bias_gradient[kLanes];
};

template <typename T>
inline void load_token(const ScanBlock<T>& block, const ScanConstants<T>& constants,
                       std::int64_t row, int i, ChunkRoom<T>& room) {
  const ScanInput<T>& in = block.in;
  room.b[i] = block.states_of(in.b.row(row), room.b_room[i]);
  room.c[i] = block.states_of(in.c.row(row), room.c_room[i]);
  alignas(64) T spare[2][kLanes];
  const T* const x = lanes_of(in.x.row(row) + block.first_channel(), block.count(), spare[0]);
  const T* const step = lanes_of(in.step.row(row) + block.first_channel(), block.count(), spare[1]);
  PLUVIA_LANES
  for (int lane = 0; lane < kLanes; ++lane) {
    const T raw = step[lane] + constants.bias[lane];
    const T dt = softplus(raw);
    room.raw[i][lane] = raw;
    room.dt[i][lane] = dt;
    room.size[i][lane] = dt > constants.longest[lane] ? constants.longest[lane] : dt;
    room.x[i][lane] = x[lane];
    room.dtx[i][lane] = dt * x[lane];
    room.y[i][lane] = constants.skip[lane] * x[lane];
  }
}

template <typename T>
inline void remake_states(const ScanConstants<T>& constants, int padded, int i,
                          ChunkRoom<T>& room) {
  const T* const size = room.size[i];
  const T* const dtx = room.dtx[i];
  T* const y = room.y[i];
  for (int n = 0; n < padded; n += kStatesAtOnce) {
    const T* const before = room.h + (i * padded + n) * kLanes;
    T* const after = room.h + ((i + 1) * padded + n) * kLanes;
    T* const decay = room.decay + (i * padded + n) * kLanes;
    const T* const rate = constants.decay + n * kLanes;
    const T* const b = room.b[i] + n;
    const T* const c = room.c[i] + n;
    PLUVIA_LANES
    for (int lane = 0; lane < kLanes; ++lane) {
      T sum = y[lane];
      for (int k = 0; k < kStatesAtOnce; ++k) {
        const T factor = decay_of(size[lane], rate[k * kLanes + lane]);
        const T next = factor * before[k * kLanes + lane] + dtx[lane] * b[k];
        decay[k * kLanes + lane] = factor;
        after[k * kLanes + lane] = next;
        sum += next * c[k];
      }
      y[lane] = sum;
    }
  }
}

/// In a fixed order: lanes eight apart first, then pairs.
template <typename T>
inline T sum_of_lanes(const T* v) {
  T part[8];
  for (int j = 0; j < 8; ++j) part[j] = (v[j] + v[j + 8]) + (v[j + 16] + v[j + 24]);
  return ((part[0] + part[4]) + (part[1] + part[5])) + ((part[2] + part[6]) + (part[3] + part[7]));
}

/// Gradients through one token's states. `g` is that of y; gives those of dt and of dt x.
template <typename T>
inline void step_back(const ScanConstants<T>& constants, int padded, int i, const T* g,
                      ChunkRoom<T>& room, T* dt_gradient, T* dtx_gradient, T* bc_gradient,
                      std::int64_t states) {
  constexpr T kLn2 = static_cast<T>(0.69314718055994530942);
  const T* const dt = room.dt[i];
  const T* const dtx = room.dtx[i];
  for (int lane = 0; lane < kLanes; ++lane) dt_gradient[lane] = dtx_gradient[lane] = 0;
  for (int n = 0; n < padded; ++n) {
    const T* const before = room.h + (i * padded + n) * kLanes;
    const T* const after = room.h + ((i + 1) * padded + n) * kLanes;
    const T* const factor = room.decay + (i * padded + n) * kLanes;
    const T* const rate = constants.decay + n * kLanes;
    T* const d = room.state_gradient + n * kLanes;
    T* const da = room.a_gradient + n * kLanes;
    const T b = room.b[i][n];
    const T c = room.c[i][n];
    alignas(64) T to_b[kLanes];
    alignas(64) T to_c[kLanes];
    PLUVIA_LANES
    for (int lane = 0; lane < kLanes; ++lane) {
      const T now = d[lane] + g[lane] * c;
      const T decayed = now * factor[lane];
      const T through = decayed * before[lane];
      to_c[lane] = g[lane] * after[lane];
      to_b[lane] = now * dtx[lane];
      dtx_gradient[lane] += now * b;
      dt_gradient[lane] += through * (rate[lane] * kLn2);
      da[lane] += through * dt[lane];
      d[lane] = decayed;
    }
    if (n < states) {
      bc_gradient[n] = sum_of_lanes(to_b);
      bc_gradient[states + n] = sum_of_lanes(to_c);
    }
  }
}

template <typename T>
struct BackwardTask {
  ScanBlock<T> block;
  const T* out_gradient;
  const T* chunk_states;
  const ScanGradients<T>& to;

  T* partial_row(std::int64_t row) const {
    return to.partial +
           (block.block * block.in.batch * block.in.tokens + row) * 2 * block.in.states;
  }
};

template <typename T>
inline void token_back(const BackwardTask<T>& task, const ScanConstants<T>& constants,
                       std::int64_t row, int i, ChunkRoom<T>& room) {
  const ScanBlock<T>& block = task.block;
  const std::int64_t at = row * block.in.channels + block.first_channel();
  const int count = block.count();
  alignas(64) T spare[2][kLanes];
  alignas(64) T out[3][kLanes];
  alignas(64) T g[kLanes];
  alignas(64) T dt_gradient[kLanes];
  alignas(64) T dtx_gradient[kLanes];
  const T* const gate = lanes_of(block.in.gate.row(row) + block.first_channel(), count, spare[0]);
  const T* const from = lanes_of(task.out_gradient + at, count, spare[1]);
  T* const to_gate = lanes_to(task.to.gate + at, count, out[0]);
  T* const to_x = lanes_to(task.to.x + at, count, out[1]);
  T* const to_step = lanes_to(task.to.step + at, count, out[2]);
  PLUVIA_LANES
  for (int lane = 0; lane < kLanes; ++lane) {
    const T s = logistic(gate[lane]);
    to_gate[lane] = from[lane] * room.y[i][lane] * silu_slope(gate[lane], s);
    g[lane] = from[lane] * (gate[lane] * s);
  }
  step_back(constants, block.padded_states(), i, g, room, dt_gradient, dtx_gradient,
            task.partial_row(row), block.in.states);
  PLUVIA_LANES
  for (int lane = 0; lane < kLanes; ++lane) {
    const T x = room.x[i][lane];
    const T raw = room.raw[i][lane];
    const T dt = dt_gradient[lane] + dtx_gradient[lane] * x;
    const T step = raw > T{kSoftplusLimit} ? dt : dt * logistic(raw);
    room.skip_gradient[lane] += g[lane] * x;
    room.bias_gradient[lane] += step;
    to_x[lane] = dtx_gradient[lane] * room.dt[i][lane] + g[lane] * constants.skip[lane];
    to_step[lane] = step;
  }
  finish_lanes(task.to.gate + at, count, out[0]);
  finish_lanes(task.to.x + at, count, out[1]);
  finish_lanes(task.to.step + at, count, out[2]);
}

template <typename T>
inline void chunk_back(const BackwardTask<T>& task, const ScanConstants<T>& constants,
                       std::int64_t chunk, ChunkRoom<T>& room) {
  const ScanBlock<T>& block = task.block;
  const int padded = block.padded_states();
  const std::int64_t begin = chunk * kScanChunk;
  const std::int64_t left = block.in.tokens - begin;
  const int count = static_cast<int>(left < kScanChunk ? left : kScanChunk);
  const T* const kept = task.chunk_states + block.state_offset(chunk);
  for (int i = 0; i < padded * kLanes; ++i) {
    room.h[i] = i < block.in.states * kLanes ? kept[i] : T{0};
  }
  for (int i = 0; i < count; ++i) {
    load_token(block, constants, block.row(begin + i), i, room);
    remake_states(constants, padded, i, room);
  }
  for (int i = count - 1; i >= 0; --i) token_back(task, constants, block.row(begin + i), i, room);
}

template <typename T>
inline void run_block_back(const BackwardTask<T>& task) {
  const ScanBlock<T>& block = task.block;
  const ScanInput<T>& in = block.in;
  const ScanConstants<T> constants(block);
  // Not on the stack: in double precision it is a megabyte.
  const auto room = std::make_unique<ChunkRoom<T>>();
  for (std::int64_t chunk = in.chunks() - 1; chunk >= 0; --chunk) {
    chunk_back(task, constants, chunk, *room);
  }
  const std::int64_t first = block.batch * in.channels + block.first_channel();
  store_lanes(room->skip_gradient, block.count(), task.to.skip + first);
  store_lanes(room->bias_gradient, block.count(), task.to.step_bias + first);
  constexpr T kLn2 = static_cast<T>(0.69314718055994530942);
  for (int i = 0; i < block.count(); ++i) {
    for (int n = 0; n < in.states; ++n) {
      const T a = constants.decay[n * kLanes + i] * kLn2;  // dA/d(a_log) = A
      task.to.a_log[(first + i) * in.states + n] = room->a_gradient[n * kLanes + i] * a;
    }
  }
}

/// Blocks' shares of the gradients of b and c, added in the order of blocks.
template <typename T>
void gather_partial(const ScanInput<T>& in, const ScanGradients<T>& to) {
  const std::int64_t rows = in.batch * in.tokens;
  const std::int64_t blocks = in.blocks();
  const std::int64_t states = in.states;
  cpu_backend::for_each(
      rows,
      [=](std::int64_t row) {
        const T* from = to.partial + row * 2 * states;
        for (std::int64_t n = 0; n < states; ++n) {
          T sum_b = 0;
          T sum_c = 0;
          for (std::int64_t k = 0; k < blocks; ++k) {
            sum_b += from[k * rows * 2 * states + n];
            sum_c += from[k * rows * 2 * states + states + n];
          }
          to.b[row * states + n] = sum_b;
          to.c[row * states + n] = sum_c;
        }
      },
      1024);
}

}  // namespace

template <typename T>
void scan_backward(const ScanInput<T>& input, const T* out_gradient, const T* chunk_states,
                   const ScanGradients<T>& gradients) {
  PLUVIA_CHECK(input.states <= kScanMostStates, input.states);
  const std::int64_t blocks = input.blocks();
  const auto task = [&](std::int64_t i) {
    run_block_back(
        BackwardTask<T>{{input, i / blocks, i % blocks}, out_gradient, chunk_states, gradients});
  };
  cpu_backend::for_each(input.batch * blocks, task, 1);
  gather_partial(input, gradients);
}

template void scan_backward(const ScanInput<float>&, const float*, const float*,
                            const ScanGradients<float>&);
template void scan_backward(const ScanInput<double>&, const double*, const double*,
                            const ScanGradients<double>&);

}  // namespace pluvia::ops
