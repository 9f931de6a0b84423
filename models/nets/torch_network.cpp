// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/parallel.h"
#include "core/text.h"
#include "models/blocks/layer.h"
#include "models/nets/net.h"
#include "models/nets/nets.h"
#include "models/nets/torch_network.h"
#include "models/weights.h"

namespace pluvia {
namespace {

torch::ScalarType precision_of(const std::string& name) {
  if (name == "float32") return torch::kFloat32;
  if (name == "float64") return torch::kFloat64;
  if (name == "bfloat16") return torch::kBFloat16;
  fail_usage("unknown precision '", name, "'; known: float32, float64, bfloat16");
}

/// LibTorch's type of a weight file's element type; only numbers with a fraction are weights.
torch::ScalarType element_type(const std::string& dtype) {
  if (dtype == "f4") return torch::kFloat32;
  if (dtype == "f8") return torch::kFloat64;
  if (dtype == "f2") return torch::kFloat16;
  if (dtype == "bf2") return torch::kBFloat16;
  fail("elements of type ", dtype, "; expected f2, bf2, f4 or f8");
}

torch::Tensor as_torch(const Tensor& tensor) {
  const auto type = element_type(tensor.dtype);
  // LibTorch has no view of constant memory; the clone is what is kept.
  auto* const data = const_cast<std::byte*>(tensor.data.data());
  const torch::Tensor view = torch::from_blob(data, tensor.shape, type);
  PLUVIA_CHECK(tensor.data.size() == view.nbytes(), tensor.data.size(), " != ", view.nbytes());
  return view.clone();
}

std::vector<torch::Tensor> tensors_of(torch::nn::Module& module) {
  std::vector<torch::Tensor> out;
  for (const auto& item : module.named_parameters(false)) out.push_back(item.value());
  for (const auto& item : module.named_buffers(false)) out.push_back(item.value());
  for (const auto& child : module.named_children()) {
    for (const torch::Tensor& tensor : tensors_of(*child.value())) out.push_back(tensor);
  }
  return out;
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

/// Runs `body`; what LibTorch throws becomes one line.
template <typename Body>
void with_torch_errors(const std::string& what, const Body& body) {
  try {
    body();
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    fail(what, ": LibTorch: ", text.substr(0, text.find('\n')));
  }
}

class TorchNetwork : public Network {
 public:
  explicit TorchNetwork(const NetworkRequest& request)
      : request_(request), precision_(precision_of(request.precision)) {
    if (request.device != "cpu") {
      fail(request.name, " on ", request.device, ": this build runs networks on the CPU only; "
           "use --device cpu");
    }
    given_ = parse_json(request.options, "options of " + request.name);
    if (!given_.is_object()) fail_usage("options of ", request.name, ": expected an object");
    const Json seed = taken("seed");
    const Json allow = taken("allow_nonfinite");
    allow_nonfinite_ = allow.is_boolean() && allow.get<bool>();
    make(preset());
    if (seed.is_number_unsigned()) {
      initialise_all(*net_, seed.get<std::uint64_t>());
      settle();
    } else if (!seed.is_null()) {
      fail_usage("options of ", request.name, ": seed=", seed.dump(),
                 ": expected an integer, 0 or more");
    }
  }

  const MethodInfo& info() const override { return net_->info(); }

  NetworkDescription describe(int frames, int height, int width) const override {
    NetworkDescription out;
    out.options = net_->options().dump();
    out.frames = frames;
    out.height = height;
    out.width = width;
    out.parts = net_->parts(frames, height, width);
    out.state = state_of(*net_);
    for (const torch::Tensor& parameter : net_->parameters()) out.parameters += parameter.numel();
    return out;
  }

  void load(const NamedTensors& weights, const std::string& place) override {
    const auto own = own_weights(weights, place);
    adopt_sizes(own);
    const std::vector<StateEntry> state = state_of(*net_);
    const auto matched = match_weights(own, state, request_.name, place);
    const std::vector<torch::Tensor> targets = tensors_of(*net_);
    const torch::NoGradGuard no_grad;
    for (std::size_t i = 0; i < matched.size(); ++i) {
      const torch::Tensor values =
          within(cat(place, ": '", state[i].key, "'"), [&] { return as_torch(*matched[i]); });
      if (!allow_nonfinite_ && !torch::isfinite(values).all().item<bool>()) {
        fail(place, ": '", state[i].key, "' holds values that are not finite; expected numbers "
             "(the option allow_nonfinite=true takes them)");
      }
      torch::Tensor target = targets[i];
      target.copy_(values);
    }
    settle();
  }

  NamedTensors save() const override {
    require_weights("saving");
    NamedTensors out;
    const std::vector<StateEntry> state = state_of(*net_);
    const std::vector<torch::Tensor> values = tensors_of(*net_);
    for (std::size_t i = 0; i < state.size(); ++i) {
      const torch::Tensor value = values[i].detach().to(torch::kFloat32).contiguous();
      const auto* const bytes = static_cast<const std::byte*>(value.const_data_ptr());
      out.emplace_back(state[i].key, Tensor{"f4", state[i].shape, {bytes, bytes + value.nbytes()}});
    }
    return out;
  }

  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    require_weights("deraining");
    check_sizes(rainy, clean);
    if (at::get_num_threads() != thread_count()) at::set_num_threads(thread_count());
    with_torch_errors("running " + request_.name, [&] {
      const torch::InferenceMode inference;
      auto* const data = const_cast<float*>(rainy.data);
      const torch::Tensor in = torch::from_blob(
          data, {1, rainy.frames, rainy.channels, rainy.height, rainy.width}, torch::kFloat32);
      const torch::Tensor out = net_->forward(in.to(precision_)).to(torch::kFloat32).contiguous();
      PLUVIA_CHECK(static_cast<std::size_t>(out.numel()) == clean.count(), out.numel());
      std::copy_n(out.const_data_ptr<float>(), clean.count(), clean.data);
    });
  }

 private:
  Json taken(const char* key) {
    Json value;
    if (given_.contains(key)) {
      value = given_[key];
      given_.erase(key);
    }
    return value;
  }

  Json preset() const {
    Json options = parse_json(network_entry(request_.name).options, "nets.list");
    options.update(given_);
    return options;
  }

  void make(const Json& options) {
    net_ = make_net(request_.name, options);
    net_->eval();
    has_weights_ = false;
  }

  /// What was not asked for by name follows the weights.
  void adopt_sizes(const std::vector<std::pair<std::string, const Tensor*>>& own) {
    std::vector<StateEntry> state;
    for (const auto& [key, tensor] : own) state.push_back({key, tensor->shape});
    Json options = preset();
    options.update(net_maker(request_.name).options_of(state));
    options.update(given_);
    if (has_weights_ || options != preset()) make(options);
  }

  /// Parameters have values: to the precision that was asked for.
  void settle() {
    for (const auto& item : net_->named_parameters()) {
      torch::Tensor parameter = item.value();
      parameter.set_requires_grad(false);
      const bool single = precision_ == torch::kBFloat16 && net_->keeps_single(item.key());
      if (!single) parameter.set_data(parameter.to(precision_));
    }
    has_weights_ = true;
  }

  void require_weights(const char* doing) const {
    if (!has_weights_) {
      fail(doing, " with ", request_.name, ": it has no weights; give a file of weights");
    }
  }

  void check_sizes(const FramesView<const float>& rainy, const FramesView<float>& clean) const {
    const int multiple = info().size_multiple;
    if (rainy.frames < 1 || rainy.height < 1 || rainy.width < 1 || rainy.height % multiple != 0 ||
        rainy.width % multiple != 0) {
      fail(request_.name, ": ", rainy.frames, " frames of ", rainy.width, "x", rainy.height,
           "; expected at least one, its sides multiples of ", multiple);
    }
    PLUVIA_CHECK(rainy.channels == info().channels_in(), rainy.channels);
    PLUVIA_CHECK(clean.channels == info().channels_out(), clean.channels);
    PLUVIA_CHECK(clean.frames == rainy.frames && clean.height == rainy.height &&
                     clean.width == rainy.width, clean.width, "x", clean.height);
  }

  NetworkRequest request_;
  torch::ScalarType precision_;
  Json given_;
  bool allow_nonfinite_ = false;
  bool has_weights_ = false;
  std::shared_ptr<Net> net_;
};

}  // namespace

std::vector<StateEntry> state_of(const Net& net) {
  std::vector<StateEntry> out;
  append_state(net, "", out);
  return out;
}

std::unique_ptr<Network> make_torch_network(const NetworkRequest& request) {
  return std::make_unique<TorchNetwork>(request);
}

}  // namespace pluvia
