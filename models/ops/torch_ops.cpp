// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/error.h"
#include "models/ops/causal_conv1d.h"
#include "models/ops/depthwise_conv3d.h"
#include "models/ops/selective_scan.h"
#include "models/ops/torch_ops.h"
#include "models/ops/torch_types.h"

namespace pluvia::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The precision an operator computes in, whatever its input has.
torch::ScalarType computed_type(const Tensor& tensor) {
  return tensor.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
}

void require_cpu(const Tensor& tensor, const char* what) {
  if (!tensor.is_cpu()) fail(what, " on ", tensor.device().str(), ": it runs on the CPU only");
}

bool wants_gradient(const variable_list& inputs) {
  if (!torch::GradMode::is_enabled()) return false;
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const Tensor& t) { return t.requires_grad(); });
}

/// A tensor whose last dimension is contiguous and whose rows lie at one distance.
Tensor in_rows(const Tensor& tensor) {
  const bool packed = tensor.stride(2) == 1 || tensor.size(2) == 1;
  const bool even =
      tensor.size(0) == 1 || tensor.stride(0) == tensor.size(1) * tensor.stride(1);
  return packed && even ? tensor : tensor.contiguous();
}

template <typename T>
Rows<const T> rows_of(const Tensor& tensor) {
  return {tensor.const_data_ptr<T>(), tensor.stride(1)};
}

// The scan's tensors in the order of ScanTensors.
enum ScanIndex : std::size_t { kX, kStep, kGate, kB, kC, kALog, kSkip, kStepBias, kScanTensors };

template <typename T>
ScanInput<T> scan_input(const variable_list& t, bool reverse) {
  ScanInput<T> in;
  in.batch = t[kX].size(0);
  in.tokens = t[kX].size(1);
  in.channels = t[kX].size(2);
  in.states = t[kB].size(2);
  in.x = rows_of<T>(t[kX]);
  in.step = rows_of<T>(t[kStep]);
  in.gate = rows_of<T>(t[kGate]);
  in.b = rows_of<T>(t[kB]);
  in.c = rows_of<T>(t[kC]);
  in.a_log = t[kALog].const_data_ptr<T>();
  in.skip = t[kSkip].const_data_ptr<T>();
  in.step_bias = t[kStepBias].const_data_ptr<T>();
  in.reverse = reverse;
  return in;
}

/// `states` receives what the backward pass starts from, when it is not null.
Tensor run_scan(const variable_list& t, bool reverse, Tensor* states) {
  Tensor out = torch::empty(t[kX].sizes(), t[kX].options());
  with_type(out.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    const ScanInput<T> in = scan_input<T>(t, reverse);
    if (states != nullptr) *states = torch::empty({in.chunk_state_count()}, out.options());
    T* const keep = states == nullptr ? nullptr : states->data_ptr<T>();
    scan_forward(in, out.data_ptr<T>(), keep);
  });
  return out;
}

class ScanFunction : public torch::autograd::Function<ScanFunction> {
 public:
  // LibTorch follows tensors that are arguments of their own, not those in a list: hence so many.
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& step,
                        const Tensor& gate, const Tensor& b, const Tensor& c, const Tensor& a_log,
                        const Tensor& skip, const Tensor& step_bias, bool reverse) {
    variable_list inputs = {x, step, gate, b, c, a_log, skip, step_bias};
    Tensor states;
    Tensor out = run_scan(inputs, reverse, &states);
    inputs.push_back(states);
    context->save_for_backward(std::move(inputs));
    context->saved_data["reverse"] = reverse;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list t = context->get_saved_variables();
    const Tensor g = gradients[0].contiguous();
    const auto options = g.options();
    const auto n = t[kX].size(0);
    const auto like = [&](ScanIndex i) { return torch::empty(t[i].sizes(), options); };
    const Tensor x = like(kX), step = like(kStep), gate = like(kGate), b = like(kB), c = like(kC);
    const Tensor a_log = torch::empty({n, t[kALog].size(0), t[kALog].size(1)}, options);
    const Tensor skip = torch::empty({n, t[kSkip].size(0)}, options);
    const Tensor bias = torch::empty_like(skip);
    with_type(g.scalar_type(), [&](auto zero) {
      using T = decltype(zero);
      const auto in = scan_input<T>(t, context->saved_data["reverse"].toBool());
      const Tensor partial = torch::empty({in.blocks() * n * in.tokens * 2 * in.states}, options);
      const ScanGradients<T> to = {
          x.data_ptr<T>(),     step.data_ptr<T>(), gate.data_ptr<T>(), b.data_ptr<T>(),
          c.data_ptr<T>(),     a_log.data_ptr<T>(), skip.data_ptr<T>(), bias.data_ptr<T>(),
          partial.data_ptr<T>()};
      scan_backward(in, g.const_data_ptr<T>(), t[kScanTensors].const_data_ptr<T>(), to);
    });
    return {x, step, gate, b, c, a_log.sum(0), skip.sum(0), bias.sum(0), Tensor()};
  }
};

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
  Tensor out = torch::empty(x.sizes(), x.options());
  with_type(out.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    causal_conv_forward(causal_input<T>(x, weight, bias, reverse), out.data_ptr<T>());
  });
  return out;
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
      causal_conv_backward(causal_input<T>(t[0], t[1], t[2], reverse), g.const_data_ptr<T>(),
                           {x.data_ptr<T>(), weight.data_ptr<T>(), bias.data_ptr<T>()});
    });
    return {x, weight.sum(0), bias.sum(0), Tensor()};
  }
};

TokenVolume volume_of(const Tensor& tokens) {
  return {tokens.size(0), tokens.size(1), tokens.size(2), tokens.size(3), tokens.size(4)};
}

Tensor run_cube(const Tensor& tokens, const Tensor& weight, const Tensor& bias) {
  Tensor out = torch::empty(tokens.sizes(), tokens.options());
  with_type(out.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    const CubeFilter<T> filter = {weight.const_data_ptr<T>(), bias.const_data_ptr<T>()};
    depthwise_conv3d(volume_of(tokens), filter, tokens.const_data_ptr<T>(), out.data_ptr<T>());
  });
  return out;
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
      const CubeFilter<T> filter = {t[1].const_data_ptr<T>(), nullptr};
      depthwise_conv3d_backward<T>(volume_of(t[0]), filter, t[0].const_data_ptr<T>(),
                                   g.const_data_ptr<T>(),
                                   {in.data_ptr<T>(), weight.data_ptr<T>(), bias.data_ptr<T>()});
    });
    return {in, weight, bias};
  }
};

}  // namespace

Tensor selective_scan(const ScanTensors& tensors, bool reverse) {
  require_cpu(tensors.x, "selective scan");
  const auto type = computed_type(tensors.x);
  variable_list inputs;
  for (const Tensor& t : {tensors.x, tensors.step, tensors.gate, tensors.b, tensors.c}) {
    inputs.push_back(in_rows(t.to(type)));
  }
  for (const Tensor& t : {tensors.a_log, tensors.skip, tensors.step_bias}) {
    inputs.push_back(t.to(type).contiguous());
  }
  PLUVIA_CHECK(inputs[kALog].size(1) == inputs[kB].size(2), inputs[kALog].size(1));
  const variable_list& t = inputs;
  const Tensor out = wants_gradient(t)
                         ? ScanFunction::apply(t[kX], t[kStep], t[kGate], t[kB], t[kC], t[kALog],
                                               t[kSkip], t[kStepBias], reverse)
                         : run_scan(t, reverse, nullptr);
  return out.to(tensors.x.scalar_type());
}

Tensor causal_conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias, bool reverse) {
  require_cpu(x, "causal convolution");
  PLUVIA_CHECK(weight.numel() == x.size(2) * kConvTaps, weight.numel());
  const auto type = computed_type(x);
  const variable_list t = {in_rows(x.to(type)), weight.to(type).contiguous(), bias.to(type)};
  const Tensor out = wants_gradient(t) ? CausalConvFunction::apply(t[0], t[1], t[2], reverse)
                                       : run_causal(t[0], t[1], t[2], reverse);
  return out.to(x.scalar_type());
}

Tensor depthwise_conv3d(const Tensor& tokens, const Tensor& weight, const Tensor& bias) {
  require_cpu(tokens, "depthwise convolution");
  PLUVIA_CHECK(weight.numel() == tokens.size(4) * kCubeTaps, weight.numel());
  const auto type = computed_type(tokens);
  const variable_list t = {tokens.to(type).contiguous(), weight.to(type).contiguous(),
                           bias.to(type)};
  const Tensor out =
      wants_gradient(t) ? CubeConvFunction::apply(t[0], t[1], t[2]) : run_cube(t[0], t[1], t[2]);
  return out.to(tokens.scalar_type());
}

}  // namespace pluvia::ops
