// SPDX-License-Identifier: Apache-2.0
#include "models/ops/device_depthwise_conv3d.h"

#include "core/for_each.h"

namespace pluvia::PLUVIA_BACKEND {
namespace {

constexpr int kTaps = ops::kCubeTaps;

/// A token's place, which knows where its neighbours are.
struct CubeCentre {
  const ops::TokenVolume& volume;
  std::int64_t token, x, y, t;

  PLUVIA_MEMBER CubeCentre(const ops::TokenVolume& all, std::int64_t index)
      : volume(all),
        token(index),
        x(index % all.width),
        y(index / all.width % all.height),
        t(index / all.width / all.height % all.frames) {}

  /// The neighbour's token, negative outside the volume.
  PLUVIA_MEMBER std::int64_t neighbour(int tap) const {
    const int dx = tap % 3 - 1;
    const int dy = tap / 3 % 3 - 1;
    const int dt = tap / 9 - 1;
    const bool inside = x + dx >= 0 && x + dx < volume.width && y + dy >= 0 &&
                        y + dy < volume.height && t + dt >= 0 && t + dt < volume.frames;
    return inside ? token + (dt * volume.height + dy) * volume.width + dx : -1;
  }
};

/// One output; `flipped` turns the filter around, which gives the input's gradient. `index` is
/// token * channels + channel.
template <typename T>
PLUVIA_FUNCTION void filter_token(const ops::TokenVolume& volume, const ops::CubeFilter<T>& filter,
                                  bool flipped, const T* in, std::int64_t index, T* out) {
  const std::int64_t channel = index % volume.channels;
  const CubeCentre centre(volume, index / volume.channels);
  const T* const weight = filter.weight + channel * kTaps;
  T sum = filter.bias == nullptr ? T{0} : filter.bias[channel];
  for (int tap = 0; tap < kTaps; ++tap) {
    const std::int64_t from = centre.neighbour(tap);
    if (from < 0) continue;
    sum += weight[flipped ? kTaps - 1 - tap : tap] * in[from * volume.channels + channel];
  }
  out[index] = sum;
}

/// A run of tokens' share of one weight's gradient, or the bias': the last tap. `index` is
/// (run * (taps + 1) + tap) * channels + channel.
template <typename T>
PLUVIA_FUNCTION void sum_run(const ops::DeviceCubeConvBackward<T>& conv, std::int64_t index) {
  const ops::TokenVolume& volume = conv.volume;
  const std::int64_t channel = index % volume.channels;
  const auto tap = static_cast<int>(index / volume.channels % (kTaps + 1));
  const std::int64_t begin = index / volume.channels / (kTaps + 1) * ops::kDeviceCubeRun;
  const std::int64_t tokens = volume.tokens();
  const std::int64_t end =
      begin + ops::kDeviceCubeRun < tokens ? begin + ops::kDeviceCubeRun : tokens;
  T sum = 0;
  for (std::int64_t token = begin; token < end; ++token) {
    const T g = conv.out_gradient[token * volume.channels + channel];
    if (tap == kTaps) {
      sum += g;
      continue;
    }
    const std::int64_t from = CubeCentre(volume, token).neighbour(tap);
    if (from >= 0) sum += g * conv.in[from * volume.channels + channel];
  }
  conv.partial[index] = sum;
}

/// `index` is tap * channels + channel.
template <typename T>
PLUVIA_FUNCTION void add_runs(const ops::DeviceCubeConvBackward<T>& conv, std::int64_t index) {
  const std::int64_t channels = conv.volume.channels;
  const std::int64_t channel = index % channels;
  const std::int64_t tap = index / channels;
  T sum = 0;
  for (std::int64_t run = 0; run < ops::device_cube_runs(conv.volume.tokens()); ++run) {
    sum += conv.partial[run * (kTaps + 1) * channels + index];
  }
  if (tap == kTaps) {
    conv.to.bias[channel] = sum;
  } else {
    conv.to.weight[channel * kTaps + tap] = sum;
  }
}

template <typename T>
void run(const ops::DeviceCubeConv<T>& args) {
  const ops::DeviceCubeConv<T> conv = args;
  for_each(
      conv.volume.tokens() * conv.volume.channels,
      PLUVIA_LAMBDA(std::int64_t i) {
        filter_token(conv.volume, conv.filter, false, conv.in, i, conv.out);
      },
      1024);
}

template <typename T>
void run_back(const ops::DeviceCubeConvBackward<T>& args) {
  ops::DeviceCubeConvBackward<T> conv = args;
  conv.filter.bias = nullptr;
  const std::int64_t sums = (kTaps + 1) * conv.volume.channels;
  for_each(
      conv.volume.tokens() * conv.volume.channels,
      PLUVIA_LAMBDA(std::int64_t i) {
        filter_token(conv.volume, conv.filter, true, conv.out_gradient, i, conv.to.in);
      },
      1024);
  for_each(
      ops::device_cube_runs(conv.volume.tokens()) * sums,
      PLUVIA_LAMBDA(std::int64_t i) { sum_run(conv, i); }, 64);
  for_each(
      sums, PLUVIA_LAMBDA(std::int64_t i) { add_runs(conv, i); }, 64);
}

}  // namespace

void device_cube_conv(const ops::DeviceCubeConv<float>& args) { run(args); }
void device_cube_conv(const ops::DeviceCubeConv<double>& args) { run(args); }
void device_cube_conv_backward(const ops::DeviceCubeConvBackward<float>& args) { run_back(args); }
void device_cube_conv_backward(const ops::DeviceCubeConvBackward<double>& args) { run_back(args); }

}  // namespace pluvia::PLUVIA_BACKEND
