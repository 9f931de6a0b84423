// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/error.h"
#include "models/ops/device_causal_conv1d.h"
#include "models/ops/device_depthwise_conv3d.h"
#include "models/ops/torch_device.h"
#include "models/ops/torch_ops.h"
#include "models/ops/torch_threads.h"
#include "models/ops/torch_types.h"

namespace pluvia::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kCausalName = "causal convolution";
constexpr const char* kCubeName = "depthwise convolution";

template <typename T>
CausalConvInput<T> causal_input(const Tensor& x, const Tensor& weight, const Tensor& bias,
                                bool reverse) {
  return {x.size(0),
          x.size(1),
          x.size(2),
          rows_of<T>(x),
          weight.const_data_ptr<T>(),
          bias.const_data_ptr<T>(),
          reverse};
}

Tensor run_causal(const Tensor& x, const Tensor& weight, const Tensor& bias, bool reverse) {
  const OnTorchThreads on_torch_threads;
  const Device device = device_of({x, weight, bias}, kCausalName);
  const Tensor out = torch::empty(x.sizes(), x.options());
  with_type(out.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    const CausalConvInput<T> in = causal_input<T>(x, weight, bias, reverse);
    if (takes_device_body(device)) {
      device_causal_conv(device, DeviceCausalConv<T>{in, out.data_ptr<T>()});
    } else {
      causal_conv_forward(in, out.data_ptr<T>());
    }
  });
  return out;
}

template <typename T>
void causal_backward_on(const Device& device, const CausalConvInput<T>& in,
                        const Tensor& out_gradient, const CausalConvGradients<T>& to) {
  const OnTorchThreads on_torch_threads;
  const T* const from = out_gradient.const_data_ptr<T>();
  if (!takes_device_body(device)) return causal_conv_backward(in, from, to);
  DeviceCausalConvBackward<T> conv = {in, from, to};
  const Tensor partial = torch::empty({conv.partial_count()}, out_gradient.options());
  conv.partial = partial.data_ptr<T>();
  device_causal_conv_backward(device, conv);
}

class CausalConvFunction : public torch::autograd::Function<CausalConvFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight,
                        const Tensor& bias, bool reverse) {
    context->save_for_backward({x, weight, bias});
    context->saved_data["reverse"] = reverse;
    return run_causal(x, weight, bias, reverse);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list t = context->get_saved_variables();
    const Tensor g = gradients[0].contiguous();
    const auto n = t[0].size(0);
    const auto channels = t[0].size(2);
    const Tensor x = torch::empty(t[0].sizes(), g.options());
    const Tensor weight = torch::empty({n, channels, 1, kConvTaps}, g.options());
    const Tensor bias = torch::empty({n, channels}, g.options());
    with_type(g.scalar_type(), [&](auto zero) {
      using T = decltype(zero);
      const bool reverse = context->saved_data["reverse"].toBool();
      causal_backward_on<T>(device_of(t, kCausalName), causal_input<T>(t[0], t[1], t[2], reverse),
                            g, {x.data_ptr<T>(), weight.data_ptr<T>(), bias.data_ptr<T>()});
    });
    return {x, weight.sum(0), bias.sum(0), Tensor()};
  }
};

TokenVolume volume_of(const Tensor& tokens) {
  return {tokens.size(0), tokens.size(1), tokens.size(2), tokens.size(3), tokens.size(4)};
}

Tensor run_cube(const Tensor& tokens, const Tensor& weight, const Tensor& bias) {
  const OnTorchThreads on_torch_threads;
  const Device device = device_of({tokens, weight, bias}, kCubeName);
  const Tensor out = torch::empty(tokens.sizes(), tokens.options());
  with_type(out.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    const DeviceCubeConv<T> conv = {volume_of(tokens),
                                    {weight.const_data_ptr<T>(), bias.const_data_ptr<T>()},
                                    tokens.const_data_ptr<T>(),
                                    out.data_ptr<T>()};
    if (takes_device_body(device)) return device_cube_conv(device, conv);
    depthwise_conv3d(conv.volume, conv.filter, conv.in, conv.out);
  });
  return out;
}

template <typename T>
void cube_backward_on(const Device& device, DeviceCubeConvBackward<T> conv,
                      const torch::TensorOptions& options) {
  const OnTorchThreads on_torch_threads;
  if (!takes_device_body(device)) {
    return depthwise_conv3d_backward(conv.volume, conv.filter, conv.in, conv.out_gradient, conv.to);
  }
  const Tensor partial = torch::empty({conv.partial_count()}, options);
  conv.partial = partial.data_ptr<T>();
  device_cube_conv_backward(device, conv);
}

class CubeConvFunction : public torch::autograd::Function<CubeConvFunction> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& tokens, const Tensor& weight,
                        const Tensor& bias) {
    context->save_for_backward({tokens, weight, bias});
    return run_cube(tokens, weight, bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list t = context->get_saved_variables();
    const Tensor g = gradients[0].contiguous();
    const Tensor in = torch::empty(t[0].sizes(), g.options());
    const Tensor weight = torch::empty(t[1].sizes(), g.options());
    const Tensor bias = torch::empty(t[2].sizes(), g.options());
    with_type(g.scalar_type(), [&](auto zero) {
      using T = decltype(zero);
      const DeviceCubeConvBackward<T> conv = {
          volume_of(t[0]),
          {t[1].const_data_ptr<T>(), nullptr},
          t[0].const_data_ptr<T>(),
          g.const_data_ptr<T>(),
          {in.data_ptr<T>(), weight.data_ptr<T>(), bias.data_ptr<T>()}};
      cube_backward_on(device_of(t, kCubeName), conv, g.options());
    });
    return {in, weight, bias};
  }
};

}  // namespace

Tensor causal_conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, bool reverse) {
  PLUVIA_CHECK(weight.numel() == x.size(2) * kConvTaps, weight.numel());
  const auto type = computed_type(x);
  const variable_list t = {in_rows(x.to(type)), weight.to(type).contiguous(), bias.to(type)};
  const Tensor out = wants_gradient(t) ? CausalConvFunction::apply(t[0], t[1], t[2], reverse)
                                       : run_causal(t[0], t[1], t[2], reverse);
  return out.to(x.scalar_type());
}

Tensor depthwise_conv3d(const Tensor& tokens, const Tensor& weight, const Tensor& bias) {
  PLUVIA_CHECK(weight.numel() == tokens.size(4) * kCubeTaps, weight.numel());
  const auto type = computed_type(tokens);
  const variable_list t = {tokens.to(type).contiguous(), weight.to(type).contiguous(),
                           bias.to(type)};
  const Tensor out =
      wants_gradient(t) ? CubeConvFunction::apply(t[0], t[1], t[2]) : run_cube(t[0], t[1], t[2]);
  return out.to(tokens.scalar_type());
}

}  // namespace pluvia::ops
