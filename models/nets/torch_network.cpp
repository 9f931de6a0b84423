// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "models/blocks/layer.h"
#include "models/nets/net.h"
#include "models/nets/net_tensors.h"
#include "models/nets/nets.h"
#include "models/nets/torch_network.h"
#include "models/torch_errors.h"
#include "models/weights.h"

namespace pluvia {
namespace {

torch::ScalarType precision_of(const std::string& name) {
  if (name == "float32") return torch::kFloat32;
  if (name == "float64") return torch::kFloat64;
  if (name == "bfloat16") return torch::kBFloat16;
  fail_usage("unknown precision '", name, "'; known: float32, float64, bfloat16");
}

class TorchNetwork : public Network {
 public:
  explicit TorchNetwork(const NetworkRequest& request)
      : request_(request), precision_(precision_of(request.precision)) {
    given_ = parse_json(request.options, "options of " + request.name);
    if (!given_.is_object()) fail_usage("options of ", request.name, ": expected an object");
    const Json seed = taken("seed");
    const Json allow = taken("allow_nonfinite");
    allow_nonfinite_ = allow.is_boolean() && allow.get<bool>();
    make(preset());
    if (seed.is_number_unsigned()) {
      initialise_all(*net_, seed.get<std::uint64_t>());
      net_->initialise_own(seed.get<std::uint64_t>());
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
    adopt_sizes(own_weights(weights, place));
    load_tensors(weights, *net_, {request_.name, place, allow_nonfinite_});
    settle();
  }

  NamedTensors save() const override {
    require_weights("saving");
    return save_tensors(*net_);
  }

  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    require_weights("deraining");
    with_torch_errors("running " + request_.name, [&] {
      run_net(*net_, {precision_, device_}, rainy, clean);
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
    device_ = device_for(*net_, request_.device);
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
      parameter.set_data(single ? parameter.to(device_) : parameter.to(device_, precision_));
    }
    for (const auto& item : net_->named_buffers()) {
      torch::Tensor buffer = item.value();
      buffer.set_data(buffer.is_floating_point() ? buffer.to(device_, precision_)
                                                 : buffer.to(device_));
    }
    has_weights_ = true;
  }

  void require_weights(const char* doing) const {
    if (!has_weights_) {
      fail(doing, " with ", request_.name, ": it has no weights; give a file of weights");
    }
  }

  NetworkRequest request_;
  torch::ScalarType precision_;
  torch::Device device_ = torch::kCPU;
  Json given_;
  bool allow_nonfinite_ = false;
  bool has_weights_ = false;
  std::shared_ptr<Net> net_;
};

}  // namespace

std::unique_ptr<Network> make_torch_network(const NetworkRequest& request) {
  return std::make_unique<TorchNetwork>(request);
}

}  // namespace pluvia
