// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/device.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/text.h"
#include "models/nets/net_tensors.h"
#include "models/nets/nets.h"
#include "models/torch_cuda.h"
#include "models/weights.h"

namespace pluvia {
namespace {

torch::ScalarType element_type(const std::string& dtype) {
  if (dtype == "f4") return torch::kFloat32;
  if (dtype == "f8") return torch::kFloat64;
  if (dtype == "f2") return torch::kFloat16;
  if (dtype == "bf2") return torch::kBFloat16;
  if (dtype == "i8") return torch::kInt64;
  if (dtype == "i4") return torch::kInt32;
  fail("elements of type ", dtype, "; expected f2, bf2, f4, f8, i4 or i8");
}

void append_tensors(const torch::nn::Module& module, std::vector<torch::Tensor>& out) {
  for (const auto& item : module.named_parameters(false)) out.push_back(item.value());
  for (const auto& item : module.named_buffers(false)) out.push_back(item.value());
  for (const auto& child : module.named_children()) append_tensors(*child.value(), out);
}

void append_state(const torch::nn::Module& module, const std::string& head,
                  std::vector<StateEntry>& out) {
  const auto add = [&](const auto& items) {
    for (const auto& item : items) out.push_back({head + item.key(), item.value().sizes().vec()});
  };
  add(module.named_parameters(false));
  add(module.named_buffers(false));
  for (const auto& child : module.named_children()) {
    append_state(*child.value(), head + child.key() + ".", out);
  }
}

void check_sizes(const MethodInfo& info, const FramesView<const float>& rainy,
                 const FramesView<float>& clean) {
  const int multiple = info.size_multiple;
  const int least = info.least_size;
  if (rainy.frames < 1 || rainy.height < least || rainy.width < least ||
      rainy.height % multiple != 0 || rainy.width % multiple != 0) {
    fail(info.name, ": ", rainy.frames, " frames of ", rainy.width, "x", rainy.height,
         "; expected at least one, its sides multiples of ", multiple, " from ", least, " on");
  }
  PLUVIA_CHECK(rainy.channels == info.channels_in(), rainy.channels);
  PLUVIA_CHECK(clean.channels == info.channels_out(), clean.channels);
  PLUVIA_CHECK(
      clean.frames == rainy.frames && clean.height == rainy.height && clean.width == rainy.width,
      clean.width, "x", clean.height);
}

/// Image classifiers (mmclassification, for one) keep the encoder that others take under this name,
/// beside a head that nobody takes.
constexpr std::string_view kBackbone = "backbone.";

void take_backbone(std::vector<std::pair<std::string, const Tensor*>>& own) {
  const auto outside = [](const auto& one) { return !one.first.starts_with(kBackbone); };
  if (std::all_of(own.begin(), own.end(), outside)) return;
  std::erase_if(own, outside);
  for (auto& [key, tensor] : own) key = key.substr(kBackbone.size());
}

/// Leaves what belongs to a submodule: of the file under its full name, of the network as it is.
void keep_part(const std::string& part, std::vector<std::pair<std::string, const Tensor*>>& own,
               std::vector<StateEntry>& state, std::vector<torch::Tensor>& targets) {
  const std::string head = part + ".";
  std::vector<StateEntry> kept_state;
  std::vector<torch::Tensor> kept_targets;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < state.size(); ++i) {
    const std::string first = state[i].key.substr(0, state[i].key.find('.'));
    if (parts.empty() || parts.back() != first) parts.push_back(first);
    if (!state[i].key.starts_with(head)) continue;
    kept_state.push_back(state[i]);
    kept_targets.push_back(targets[i]);
  }
  if (kept_state.empty()) {
    fail_usage("the network has no part '", part, "'", did_you_mean(part, parts), "; it has ",
               list_some(parts, 12));
  }
  state = std::move(kept_state);
  targets = std::move(kept_targets);
  const bool whole = std::any_of(own.begin(), own.end(),
                                 [&](const auto& one) { return one.first.starts_with(head); });
  if (whole) std::erase_if(own, [&](const auto& one) { return !one.first.starts_with(head); });
  if (whole) return;
  take_backbone(own);
  for (auto& [key, tensor] : own) key = head + key;
}

}  // namespace

torch::Tensor to_torch(const Tensor& tensor) {
  const auto type = element_type(tensor.dtype);
  // LibTorch has no view of constant memory; the clone is what is kept.
  auto* const data = const_cast<std::byte*>(tensor.data.data());
  const torch::Tensor view = torch::from_blob(data, tensor.shape, type);
  PLUVIA_CHECK(tensor.data.size() == view.nbytes(), tensor.data.size(), " != ", view.nbytes());
  return view.clone();
}

Tensor to_tensor(const torch::Tensor& tensor) {
  const bool real = tensor.is_floating_point();
  const torch::Tensor value =
      tensor.detach().to(torch::kCPU, real ? torch::kFloat32 : torch::kInt64).contiguous();
  const auto* const bytes = static_cast<const std::byte*>(value.const_data_ptr());
  return {real ? "f4" : "i8", value.sizes().vec(), {bytes, bytes + value.nbytes()}};
}

std::vector<torch::Tensor> tensors_of(const torch::nn::Module& module) {
  std::vector<torch::Tensor> out;
  append_tensors(module, out);
  return out;
}

std::vector<StateEntry> state_of(const Net& net) {
  std::vector<StateEntry> out;
  append_state(net, "", out);
  return out;
}

void load_tensors(const NamedTensors& weights, Net& net, const LoadOptions& options) {
  auto own = own_weights(weights, options.place);
  std::vector<StateEntry> state = state_of(net);
  std::vector<torch::Tensor> targets = tensors_of(net);
  if (!options.part.empty()) keep_part(options.part, own, state, targets);
  const auto optional = [&](const std::string& key) {
    return net.optional(key) || (!options.part.empty() && net.optional_of_part(key));
  };
  const auto matched = match_weights(own, {state, optional}, options.network, options.place);
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < matched.size(); ++i) {
    if (matched[i] == nullptr) continue;
    const torch::Tensor values = within(cat(options.place, ": '", state[i].key, "'"), [&] {
      const std::string& dtype = matched[i]->dtype;
      if (targets[i].is_floating_point() && dtype.find('f') == std::string::npos) {
        fail("elements of type ", dtype, "; expected f2, bf2, f4 or f8");
      }
      return to_torch(*matched[i]);
    });
    torch::Tensor target = targets[i];
    target.copy_(values);
    // As the network has them: a double beyond float32's range is infinite there.
    if (!options.allow_nonfinite && !torch::isfinite(target).all().item<bool>()) {
      fail(options.place, ": '", state[i].key, "' holds values that are not finite",
           torch::isfinite(values).all().item<bool>() ? " in float32" : "",
           "; expected numbers (the option allow_nonfinite=true takes them)");
    }
  }
}

NamedTensors save_tensors(const Net& net) {
  NamedTensors out;
  const std::vector<StateEntry> state = state_of(net);
  const std::vector<torch::Tensor> values = tensors_of(net);
  for (std::size_t i = 0; i < state.size(); ++i) {
    out.emplace_back(state[i].key, to_tensor(values[i]));
  }
  return out;
}

void copy_tensors(const Net& from, Net& to) {
  const torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor> source = tensors_of(from);
  const std::vector<torch::Tensor> target = tensors_of(to);
  PLUVIA_CHECK(source.size() == target.size(), source.size(), " ", target.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    torch::Tensor one = target[i];
    one.copy_(source[i]);
  }
}

std::shared_ptr<Net> make_named_net(const std::string& name, const Json& options) {
  Json all = parse_json(network_entry(name).options, "nets.list");
  all.update(options);
  return make_net(name, all);
}

torch::Device device_for(const Net& net, const std::string& device) {
  if (device == "cpu") return torch::kCPU;
  if (net.cpu_only()) {
    fail(net.info().name, " on ", device, ": this build has no GPU form of some of its operators",
         cuda_kernels_built() ? "" : " (-DPLUVIA_WITH_CUDA=ON compiles what there is)",
         "; use --device cpu");
  }
  const TorchCuda& cuda = torch_cuda();
  if (!cuda.loaded) fail(net.info().name, " on ", device, ": ", cuda.note);
  return torch::Device(device);
}

void run_net(Net& net, const Arithmetic& how, const FramesView<const float>& rainy,
             const FramesView<float>& clean) {
  check_sizes(net.info(), rainy, clean);
  if (at::get_num_threads() != thread_count()) at::set_num_threads(thread_count());
  const torch::InferenceMode inference;
  auto* const data = const_cast<float*>(rainy.data);
  const torch::Tensor in = torch::from_blob(
      data, {1, rainy.frames, rainy.channels, rainy.height, rainy.width}, torch::kFloat32);
  // A copy even where nothing changes: LibTorch's own memory is aligned alike in every run.
  const torch::Tensor own = in.to(how.device, how.precision, /*non_blocking=*/false, /*copy=*/true);
  const torch::Tensor out = net.forward(own).to(torch::kCPU, torch::kFloat32).contiguous();
  PLUVIA_CHECK(static_cast<std::size_t>(out.numel()) == clean.count(), out.numel());
  std::copy_n(out.const_data_ptr<float>(), clean.count(), clean.data);
}

}  // namespace pluvia
