// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/error.h"
#include "models/ops/device_scan.h"
#include "models/ops/selective_scan.h"
#include "models/ops/torch_device.h"
#include "models/ops/torch_ops.h"
#include "models/ops/torch_threads.h"
#include "models/ops/torch_types.h"

namespace pluvia::ops {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kScanName = "selective scan";

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

/// The body for devices; `states` receives what the backward pass starts from, when it is not null.
template <typename T>
void scan_on(const Device& device, const ScanInput<T>& in, const Tensor& out, Tensor* states) {
  DeviceScan<T> scan = {in, out.data_ptr<T>()};
  const Tensor room = torch::empty({scan.state_count()}, out.options());
  const Tensor step_sums = torch::empty({scan.step_sum_count()}, out.options());
  scan.states = room.data_ptr<T>();
  scan.step_sums = step_sums.data_ptr<T>();
  device_scan(device, scan);
  if (states != nullptr) *states = room;
}

Tensor run_scan(const variable_list& t, bool reverse, Tensor* states) {
  const OnTorchThreads on_torch_threads;
  const Device device = device_of(t, kScanName);
  const Tensor out = torch::empty(t[kX].sizes(), t[kX].options());
  with_type(out.scalar_type(), [&](auto zero) {
    using T = decltype(zero);
    const ScanInput<T> in = scan_input<T>(t, reverse);
    if (takes_device_body(device)) return scan_on(device, in, out, states);
    if (states != nullptr) *states = torch::empty({in.chunk_state_count()}, out.options());
    T* const keep = states == nullptr ? nullptr : states->data_ptr<T>();
    scan_forward(in, out.data_ptr<T>(), keep);
  });
  return out;
}

/// Gradients from what the forward pass of the same device left.
template <typename T>
void scan_backward_on(const Device& device, const ScanInput<T>& in, const Tensor& out_gradient,
                      const Tensor& states, const ScanGradients<T>& to) {
  const OnTorchThreads on_torch_threads;
  const T* const from = out_gradient.const_data_ptr<T>();
  const T* const kept = states.const_data_ptr<T>();
  if (!takes_device_body(device)) return scan_backward(in, from, kept, to);
  const std::int64_t sums = DeviceScan<T>{in}.step_sum_count();
  const Tensor state_gradients = torch::empty_like(states);
  const Tensor step_sums = torch::empty({sums}, states.options());
  const Tensor skip_sums = torch::empty({sums}, states.options());
  device_scan_backward(device,
                       DeviceScanBackward<T>{in, from, kept, to, state_gradients.data_ptr<T>(),
                                             step_sums.data_ptr<T>(), skip_sums.data_ptr<T>()});
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
      const ScanGradients<T> to = {x.data_ptr<T>(),    step.data_ptr<T>(), gate.data_ptr<T>(),
                                   b.data_ptr<T>(),    c.data_ptr<T>(),    a_log.data_ptr<T>(),
                                   skip.data_ptr<T>(), bias.data_ptr<T>(), partial.data_ptr<T>()};
      scan_backward_on(device_of(t, kScanName), in, g, t[kScanTensors], to);
    });
    return {x, step, gate, b, c, a_log.sum(0), skip.sum(0), bias.sum(0), Tensor()};
  }
};

}  // namespace

Tensor selective_scan(const ScanTensors& tensors, bool reverse) {
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

}  // namespace pluvia::ops
