// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <type_traits>

#include "models/ops/device_causal_conv1d.h"
#include "models/ops/device_depthwise_conv3d.h"
#include "tests/backend/op_arrays.h"

namespace pluvia::backend {
namespace {

template <typename T>
OpRun run_of(const std::shared_ptr<OpArrays<T>>& arrays, const std::function<void()>& launch) {
  return {launch, [arrays] { return arrays->results(); }};
}

template <typename T>
constexpr double kTolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;

struct CausalSize {
  std::int64_t batch, tokens, channels;
  bool reverse;
};

/// Rows of x are wider than its channels.
template <typename T>
ops::CausalConvInput<T> causal_input(const CausalSize& s, OpArrays<T>& arrays) {
  const std::int64_t stride = s.channels + 2;
  return {s.batch,
          s.tokens,
          s.channels,
          {arrays.random(s.batch * s.tokens * stride), stride},
          arrays.random(s.channels * ops::kConvTaps),
          arrays.random(s.channels),
          s.reverse};
}

template <typename T>
ops::DeviceCausalConvBackward<T> causal_backward(const CausalSize& s, OpArrays<T>& arrays) {
  const std::int64_t count = s.batch * s.tokens * s.channels;
  ops::DeviceCausalConvBackward<T> out;
  out.in = causal_input(s, arrays);
  out.out_gradient = arrays.random(count);
  out.to = {arrays.result("x", count),
            arrays.result("weight", s.batch * s.channels * ops::kConvTaps),
            arrays.result("bias", s.batch * s.channels)};
  out.partial = arrays.room(out.partial_count());
  return out;
}

template <typename T>
OpRun ordinary_causal(const CausalSize& s) {
  const auto arrays = std::make_shared<OpArrays<T>>(Device{});
  const auto back = causal_backward(s, *arrays);
  T* const out = arrays->result("out", s.batch * s.tokens * s.channels);
  return run_of(arrays, [=] {
    ops::causal_conv_forward(back.in, out);
    ops::causal_conv_backward(back.in, back.out_gradient, back.to);
  });
}

template <typename T>
OpRun causal_on(const Device& device, const CausalSize& s) {
  const auto arrays = std::make_shared<OpArrays<T>>(device);
  const auto back = causal_backward(s, *arrays);
  T* const out = arrays->result("out", s.batch * s.tokens * s.channels);
  return run_of(arrays, [=] {
    device_causal_conv(device, ops::DeviceCausalConv<T>{back.in, out});
    device_causal_conv_backward(device, back);
  });
}

template <typename T>
ops::DeviceCubeConvBackward<T> cube_backward(const ops::TokenVolume& v, OpArrays<T>& arrays) {
  const std::int64_t count = v.tokens() * v.channels;
  ops::DeviceCubeConvBackward<T> out;
  out.volume = v;
  out.filter = {arrays.random(v.channels * ops::kCubeTaps), arrays.random(v.channels)};
  out.in = arrays.random(count);
  out.out_gradient = arrays.random(count);
  out.to = {arrays.result("in", count), arrays.result("weight", v.channels * ops::kCubeTaps),
            arrays.result("bias", v.channels)};
  out.partial = arrays.room(out.partial_count());
  return out;
}

template <typename T>
OpRun ordinary_cube(const ops::TokenVolume& v) {
  const auto arrays = std::make_shared<OpArrays<T>>(Device{});
  const auto back = cube_backward(v, *arrays);
  T* const out = arrays->result("out", v.tokens() * v.channels);
  return run_of(arrays, [=] {
    ops::depthwise_conv3d<T>(v, back.filter, back.in, out);
    ops::depthwise_conv3d_backward<T>(v, back.filter, back.in, back.out_gradient, back.to);
  });
}

template <typename T>
OpRun cube_on(const Device& device, const ops::TokenVolume& v) {
  const auto arrays = std::make_shared<OpArrays<T>>(device);
  const auto back = cube_backward(v, *arrays);
  T* const out = arrays->result("out", v.tokens() * v.channels);
  return run_of(arrays, [=] {
    device_cube_conv(device, ops::DeviceCubeConv<T>{v, back.filter, back.in, out});
    device_cube_conv_backward(device, back);
  });
}

std::string by(std::int64_t n) { return "x" + std::to_string(n); }

template <typename T>
void add(std::vector<OpProblem>& problems) {
  const std::string type = std::is_same_v<T, float> ? "f4 " : "f8 ";
  const std::vector<CausalSize> causal = {
      {1, 1, 1, false}, {2, 3, 5, false},   {1, 64, 33, false}, {1, 65, 32, false},
      {1, 1, 1, true},  {2, 130, 70, true}, {1, 66, 1, true},   {1, 1280, 256, false}};
  for (const CausalSize& s : causal) {
    problems.push_back({"causal conv " + type + std::to_string(s.batch) + by(s.tokens) +
                            by(s.channels) + (s.reverse ? " reverse" : ""),
                        kTolerance<T>, [s] { return ordinary_causal<T>(s); },
                        [s](const Device& device) { return causal_on<T>(device, s); }});
  }
  const std::vector<ops::TokenVolume> volumes = {
      {1, 1, 1, 1, 1},   {2, 3, 4, 6, 33},  {1, 2, 5, 9, 32},   {1, 4, 2, 3, 70},
      {2, 1, 16, 17, 8}, {1, 3, 1, 257, 2}, {1, 5, 16, 16, 256}};
  for (const ops::TokenVolume& v : volumes) {
    problems.push_back({"cube conv " + type + std::to_string(v.batch) + by(v.frames) +
                            by(v.height) + by(v.width) + by(v.channels),
                        kTolerance<T>, [v] { return ordinary_cube<T>(v); },
                        [v](const Device& device) { return cube_on<T>(device, v); }});
  }
}

}  // namespace

void add_convolution_problems(std::vector<OpProblem>& problems) {
  add<float>(problems);
  add<double>(problems);
}

}  // namespace pluvia::backend
