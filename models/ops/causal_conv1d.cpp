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
  void load(std::int64_t step, T* to) const {
    if (step >= 0) {
      load_lanes(in.x.row(row(step)) + first(), count(), to);
    } else {
      for (int i = 0; i < kLanes; ++i) to[i] = 0;
    }
  }
};

// Long enough to pay for its three tokens of overlap, short enough for many threads.
constexpr std::int64_t kStepsPerTask = 1024;

template <typename T>
inline void run_steps(const ConvBlock<T>& block, std::int64_t begin, std::int64_t end, T* out) {
  alignas(64) T x[kConvTaps][kLanes];
  for (int k = 0; k < kConvTaps - 1; ++k) block.load(begin - (kConvTaps - 1) + k, x[k]);
  for (std::int64_t l = begin; l < end; ++l) {
    block.load(l, x[3]);
    alignas(64) T y[kLanes];
    for (int i = 0; i < kLanes; ++i) {
      const T sum = block.bias[i] + block.weight[0][i] * x[0][i] + block.weight[1][i] * x[1][i] +
                    block.weight[2][i] * x[2][i] + block.weight[3][i] * x[3][i];
      y[i] = silu(sum);
      x[0][i] = x[1][i];
      x[1][i] = x[2][i];
      x[2][i] = x[3][i];
    }
    store_lanes(y, block.count(), out + block.row(l) * block.in.channels + block.first());
  }
}

/// From the last step to the first: x[l] takes part in the four sums from l on.
template <typename T>
inline void run_back(const ConvBlock<T>& block, const T* out_gradient,
                     const CausalConvGradients<T>& to) {
  const std::int64_t channels = block.in.channels;
  const int count = block.count();
  alignas(64) T g[kConvTaps][kLanes] = {};  // g[k]: gradient of the sum k steps later
  alignas(64) T x[kConvTaps][kLanes];
  alignas(64) T weight[kConvTaps][kLanes] = {};
  alignas(64) T bias[kLanes] = {};
  for (std::int64_t l = block.in.tokens - 1; l >= 0; --l) {
    for (int k = 0; k < kConvTaps; ++k) block.load(l - (kConvTaps - 1) + k, x[k]);
    const std::int64_t at = block.row(l) * channels + block.first();
    alignas(64) T dx[kLanes];
    load_lanes(out_gradient + at, count, dx);
    for (int i = 0; i < kLanes; ++i) {
      const T sum = block.bias[i] + block.weight[0][i] * x[0][i] + block.weight[1][i] * x[1][i] +
                    block.weight[2][i] * x[2][i] + block.weight[3][i] * x[3][i];
      g[3][i] = g[2][i];
      g[2][i] = g[1][i];
      g[1][i] = g[0][i];
      g[0][i] = dx[i] * silu_slope(sum, logistic(sum));
      dx[i] = block.weight[3][i] * g[0][i] + block.weight[2][i] * g[1][i] +
              block.weight[1][i] * g[2][i] + block.weight[0][i] * g[3][i];
      bias[i] += g[0][i];
      weight[0][i] += g[0][i] * x[0][i];
      weight[1][i] += g[0][i] * x[1][i];
      weight[2][i] += g[0][i] * x[2][i];
      weight[3][i] += g[0][i] * x[3][i];
    }
    store_lanes(dx, count, to.x + at);
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
