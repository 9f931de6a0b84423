// SPDX-License-Identifier: Apache-2.0
#include "models/ops/causal_conv1d.h"

#include <cstdint>

#include "core/for_each.h"
#include "models/ops/vector_math.h"

namespace pluvia::ops {
namespace {

/// A block of channels of one sequence. Steps count in the direction of the convolution.
template <typename T>
struct ConvBlock {
  const CausalConvInput<T>& in;
  std::int64_t batch;
  std::int64_t block;
  alignas(64) T weight[kConvTaps][kLanes] = {};
  alignas(64) T bias[kLanes] = {};

  ConvBlock(const CausalConvInput<T>& input, std::int64_t batch_index, std::int64_t block_index)
      : in(input), batch(batch_index), block(block_index) {
    for (int i = 0; i < count(); ++i) {
      bias[i] = in.bias[first() + i];
      for (int k = 0; k < kConvTaps; ++k) weight[k][i] = in.weight[(first() + i) * kConvTaps + k];
    }
  }
  std::int64_t first() const { return block * kLanes; }
  int count() const { return lanes_in(in.channels, block); }
  std::int64_t row(std::int64_t step) const {
    return batch * in.tokens + (in.reverse ? in.tokens - 1 - step : step);
  }
  const T* lanes(std::int64_t step, T* room) const {
    if (step >= 0) return lanes_of(in.x.row(row(step)) + first(), count(), room);
    for (int i = 0; i < kLanes; ++i) room[i] = 0;
    return room;
  }
  T sum(int i, T x0, T x1, T x2, T x3) const {
    return bias[i] + weight[0][i] * x0 + weight[1][i] * x1 + weight[2][i] * x2 + weight[3][i] * x3;
  }
};

// Long enough to pay for its three tokens of overlap, short enough for many threads.
constexpr std::int64_t kStepsPerTask = 1024;

template <typename T>
inline void run_steps(const ConvBlock<T>& block, std::int64_t begin, std::int64_t end, T* out) {
  alignas(64) T spare[kConvTaps + 1][kLanes];
  const int count = block.count();
  for (std::int64_t l = begin; l < end; ++l) {
    const T* const x0 = block.lanes(l - 3, spare[0]);
    const T* const x1 = block.lanes(l - 2, spare[1]);
    const T* const x2 = block.lanes(l - 1, spare[2]);
    const T* const x3 = block.lanes(l, spare[3]);
    T* const row = out + block.row(l) * block.in.channels + block.first();
    T* const y = lanes_to(row, count, spare[4]);
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) y[i] = silu(block.sum(i, x0[i], x1[i], x2[i], x3[i]));
    finish_lanes(row, count, spare[4]);
  }
}

/// From the last step to the first: x[l] takes part in the four sums from l on.
template <typename T>
inline void run_back(const ConvBlock<T>& block, const T* out_gradient,
                     const CausalConvGradients<T>& to) {
  const std::int64_t channels = block.in.channels;
  const int count = block.count();
  alignas(64) T g[kConvTaps][kLanes] = {};  // g[k]: gradient of the sum k steps later
  alignas(64) T spare[kConvTaps + 2][kLanes];
  alignas(64) T weight[kConvTaps][kLanes] = {};
  alignas(64) T bias[kLanes] = {};
  for (std::int64_t l = block.in.tokens - 1; l >= 0; --l) {
    const T* const x0 = block.lanes(l - 3, spare[0]);
    const T* const x1 = block.lanes(l - 2, spare[1]);
    const T* const x2 = block.lanes(l - 1, spare[2]);
    const T* const x3 = block.lanes(l, spare[3]);
    const std::int64_t at = block.row(l) * channels + block.first();
    const T* const from = lanes_of(out_gradient + at, count, spare[4]);
    T* const dx = lanes_to(to.x + at, count, spare[5]);
    PLUVIA_LANES
    for (int i = 0; i < kLanes; ++i) {
      const T sum = block.sum(i, x0[i], x1[i], x2[i], x3[i]);
      g[3][i] = g[2][i];
      g[2][i] = g[1][i];
      g[1][i] = g[0][i];
      g[0][i] = from[i] * silu_slope(sum, logistic(sum));
      dx[i] = block.weight[3][i] * g[0][i] + block.weight[2][i] * g[1][i] +
              block.weight[1][i] * g[2][i] + block.weight[0][i] * g[3][i];
      bias[i] += g[0][i];
      weight[0][i] += g[0][i] * x0[i];
      weight[1][i] += g[0][i] * x1[i];
      weight[2][i] += g[0][i] * x2[i];
      weight[3][i] += g[0][i] * x3[i];
    }
    finish_lanes(to.x + at, count, spare[5]);
  }
  const std::int64_t first = block.batch * channels + block.first();
  store_lanes(bias, count, to.bias + first);
  for (int i = 0; i < count; ++i) {
    for (int k = 0; k < kConvTaps; ++k) to.weight[(first + i) * kConvTaps + k] = weight[k][i];
  }
}

}  // namespace

template <typename T>
void causal_conv_forward(const CausalConvInput<T>& input, T* out) {
  const std::int64_t blocks = lane_blocks(input.channels);
  const std::int64_t parts = (input.tokens + kStepsPerTask - 1) / kStepsPerTask;
  const auto task = [&input, out, blocks, parts](std::int64_t i) {
    const ConvBlock<T> block(input, i / (blocks * parts), i % blocks);
    const std::int64_t begin = i / blocks % parts * kStepsPerTask;
    const std::int64_t end = begin + kStepsPerTask;
    run_steps(block, begin, end < input.tokens ? end : input.tokens, out);
  };
  cpu_backend::for_each(input.batch * parts * blocks, task, 1);
}

template <typename T>
void causal_conv_backward(const CausalConvInput<T>& input, const T* out_gradient,
                          const CausalConvGradients<T>& gradients) {
  const std::int64_t blocks = lane_blocks(input.channels);
  const auto task = [&](std::int64_t i) {
    run_back(ConvBlock<T>(input, i / blocks, i % blocks), out_gradient, gradients);
  };
  cpu_backend::for_each(input.batch * blocks, task, 1);
}

template void causal_conv_forward(const CausalConvInput<float>&, float*);
template void causal_conv_forward(const CausalConvInput<double>&, double*);
template void causal_conv_backward(const CausalConvInput<float>&, const float*,
                                   const CausalConvGradients<float>&);
template void causal_conv_backward(const CausalConvInput<double>&, const double*,
                                   const CausalConvGradients<double>&);

}  // namespace pluvia::ops
