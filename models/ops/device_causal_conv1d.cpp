// SPDX-License-Identifier: Apache-2.0
#include "models/ops/device_causal_conv1d.h"

#include "core/for_each.h"
#include "models/ops/vector_math.h"

namespace pluvia::PLUVIA_BACKEND {
namespace {

constexpr int kTaps = ops::kConvTaps;

/// One channel of one sequence. Tokens count in the direction of the convolution.
template <typename T>
struct ConvChannel {
  const ops::CausalConvInput<T>& in;
  std::int64_t batch, channel;

  PLUVIA_MEMBER std::int64_t row(std::int64_t token) const {
    return batch * in.tokens + (in.reverse ? in.tokens - 1 - token : token);
  }
  PLUVIA_MEMBER T weight(int tap) const { return in.weight[channel * kTaps + tap]; }
  /// What tap k of the sum of a token is multiplied with.
  PLUVIA_MEMBER T x(std::int64_t token, int tap) const {
    const std::int64_t from = token + tap - (kTaps - 1);
    return from < 0 ? T{0} : in.x.row(row(from))[channel];
  }
  PLUVIA_MEMBER T sum(std::int64_t token) const {
    T out = in.bias[channel];
    for (int k = 0; k < kTaps; ++k) out += weight(k) * x(token, k);
    return out;
  }
};

/// `index` is (batch * tokens + token) * channels + channel.
template <typename T>
PLUVIA_FUNCTION void convolve(const ops::DeviceCausalConv<T>& conv, std::int64_t index) {
  const ops::CausalConvInput<T>& in = conv.in;
  const std::int64_t token = index / in.channels % in.tokens;
  const ConvChannel<T> one = {in, index / in.channels / in.tokens, index % in.channels};
  conv.out[one.row(token) * in.channels + one.channel] = ops::silu(one.sum(token));
}

/// A chunk's tokens of one channel, from the last to the first: x of a token takes part in the sums
/// from there on. `index` is (batch * chunks + chunk) * channels + channel.
template <typename T>
PLUVIA_FUNCTION void convolve_back(const ops::DeviceCausalConvBackward<T>& conv,
                                   std::int64_t index) {
  const ops::CausalConvInput<T>& in = conv.in;
  const std::int64_t piece = index / in.channels;
  const std::int64_t chunks = ops::device_conv_chunks(in.tokens);
  const ConvChannel<T> one = {in, piece / chunks, index % in.channels};
  const std::int64_t begin = piece % chunks * ops::kDeviceConvChunk;
  const std::int64_t end = begin + ops::kDeviceConvChunk;
  T later[kTaps] = {};  // [k]: gradient of the sum k tokens later
  T shares[kTaps + 1] = {};
  for (std::int64_t token = end + kTaps - 2; token >= begin; --token) {
    for (int k = kTaps - 1; k > 0; --k) later[k] = later[k - 1];
    if (token >= in.tokens) continue;
    const std::int64_t at = one.row(token) * in.channels + one.channel;
    const T sum = one.sum(token);
    later[0] = conv.out_gradient[at] * ops::silu_slope(sum, ops::logistic(sum));
    if (token >= end) continue;
    T to_x = 0;
    for (int k = 0; k < kTaps; ++k) {
      to_x += one.weight(kTaps - 1 - k) * later[k];
      shares[k] += later[0] * one.x(token, k);
    }
    shares[kTaps] += later[0];
    conv.to.x[at] = to_x;
  }
  for (int k = 0; k <= kTaps; ++k) {
    conv.partial[(piece * (kTaps + 1) + k) * in.channels + one.channel] = shares[k];
  }
}

/// `index` is (batch * (taps + 1) + tap) * channels + channel; the last tap is the bias.
template <typename T>
PLUVIA_FUNCTION void add_shares(const ops::DeviceCausalConvBackward<T>& conv, std::int64_t index) {
  const std::int64_t channels = conv.in.channels;
  const std::int64_t chunks = ops::device_conv_chunks(conv.in.tokens);
  const std::int64_t channel = index % channels;
  const std::int64_t tap = index / channels % (kTaps + 1);
  const std::int64_t batch = index / channels / (kTaps + 1);
  T sum = 0;
  for (std::int64_t piece = batch * chunks; piece < (batch + 1) * chunks; ++piece) {
    sum += conv.partial[(piece * (kTaps + 1) + tap) * channels + channel];
  }
  const std::int64_t to = batch * channels + channel;
  if (tap == kTaps) {
    conv.to.bias[to] = sum;
  } else {
    conv.to.weight[to * kTaps + tap] = sum;
  }
}

template <typename T>
void run(const ops::DeviceCausalConv<T>& args) {
  const ops::DeviceCausalConv<T> conv = args;
  for_each(
      conv.in.batch * conv.in.tokens * conv.in.channels,
      PLUVIA_LAMBDA(std::int64_t i) { convolve(conv, i); }, 1024);
}

template <typename T>
void run_back(const ops::DeviceCausalConvBackward<T>& args) {
  const ops::DeviceCausalConvBackward<T> conv = args;
  const std::int64_t sequences = conv.in.batch * conv.in.channels;
  for_each(
      sequences * ops::device_conv_chunks(conv.in.tokens),
      PLUVIA_LAMBDA(std::int64_t i) { convolve_back(conv, i); }, 64);
  for_each(
      sequences * (kTaps + 1), PLUVIA_LAMBDA(std::int64_t i) { add_shares(conv, i); }, 64);
}

}  // namespace

void device_causal_conv(const ops::DeviceCausalConv<float>& args) { run(args); }
void device_causal_conv(const ops::DeviceCausalConv<double>& args) { run(args); }
void device_causal_conv_backward(const ops::DeviceCausalConvBackward<float>& args) {
  run_back(args);
}
void device_causal_conv_backward(const ops::DeviceCausalConvBackward<double>& args) {
  run_back(args);
}

}  // namespace pluvia::PLUVIA_BACKEND
