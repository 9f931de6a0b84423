// SPDX-License-Identifier: Apache-2.0
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/parallel.h"
#include "core/rng.h"
#include "models/blocks/layer.h"
#include "models/ops/torch_products.h"

namespace pluvia {
namespace {

/// FNV-1a: which of the seed's streams a parameter draws from.
std::uint32_t stream_of(const std::string& key) {
  std::uint32_t hash = 2166136261U;
  for (const char c : key) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

template <typename Value>
void fill(torch::Tensor& to, const Draw& draw, const Value& value) {
  torch::Tensor values = torch::empty(to.sizes(), torch::kFloat32);
  float* const data = values.data_ptr<float>();
  const std::uint32_t stream = stream_of(draw.key);
  parallel_for(values.numel(), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const Random random{
          .seed = draw.seed, .clip = stream, .particle = static_cast<std::uint32_t>(i)};
      data[i] = static_cast<float>(value(random));
    }
  });
  const torch::NoGradGuard no_grad;
  to.copy_(values);
}

/// Inputs of one output, in PyTorch's counting, which is the same for transposed convolutions.
std::int64_t fan_in(const torch::Tensor& weight) { return weight.numel() / weight.size(0); }
std::int64_t fan_out(const torch::Tensor& weight) { return weight.numel() / weight.size(1); }

}  // namespace

void Draw::uniform(torch::Tensor& to, double bound) const {
  fill(to, *this, [bound](const Random& random) { return random.uniform(0, -bound, bound); });
}

void Draw::normal(torch::Tensor& to, double deviation) const {
  fill(to, *this, [deviation](const Random& random) { return deviation * random.normal(0); });
}

NetLayer::NetLayer(std::vector<std::int64_t> shape, std::int64_t biases, Init init) : init_(init) {
  weight = register_parameter("weight", torch::empty(shape));
  if (biases > 0) bias = register_parameter("bias", torch::empty({biases}));
}

void NetLayer::initialise(std::uint64_t seed, const std::string& name) {
  const torch::NoGradGuard no_grad;
  const Draw draw = {seed, name + ".weight"};
  if (bias.defined()) bias.zero_();
  switch (init_) {
    case Init::kFanIn: {
      const double bound = 1 / std::sqrt(static_cast<double>(fan_in(weight)));
      draw.uniform(weight, bound);
      if (bias.defined()) Draw{seed, name + ".bias"}.uniform(bias, bound);
      break;
    }
    case Init::kFanOut:
      draw.normal(weight, std::sqrt(2.0 / static_cast<double>(fan_out(weight))));
      break;
    case Init::kFanInTenth:
      draw.normal(weight, 0.1 * std::sqrt(2.0 / static_cast<double>(fan_in(weight))));
      break;
    case Init::kZero:
      weight.zero_();
      break;
    case Init::kSmallNormal:
      draw.normal(weight, 0.02);
      break;
    case Init::kOne:
      weight.fill_(1);
      break;
  }
}

LayerPtr make_linear(std::int64_t in, std::int64_t out, Init init, bool bias) {
  return std::make_shared<NetLayer>(std::vector<std::int64_t>{out, in}, bias ? out : 0, init);
}

LayerPtr make_norm(std::int64_t channels) {
  return std::make_shared<NetLayer>(std::vector<std::int64_t>{channels}, channels, Init::kOne);
}

LayerPtr make_conv(std::vector<std::int64_t> shape, Init init) {
  const std::int64_t out = shape.front();
  return std::make_shared<NetLayer>(std::move(shape), out, init);
}

torch::Tensor linear(const torch::Tensor& x, const NetLayer& layer) {
  return ops::linear(x, layer.weight, layer.bias);
}

torch::Tensor layer_norm(const torch::Tensor& x, const NetLayer& norm, double epsilon) {
  return torch::layer_norm(x, norm.weight.sizes(), norm.weight, norm.bias, epsilon);
}

torch::Tensor channel_norm(const torch::Tensor& x, const NetLayer& norm, double epsilon) {
  return layer_norm(x.permute({0, 2, 3, 1}), norm, epsilon).permute({0, 3, 1, 2});
}

std::shared_ptr<torch::nn::Module> make_group() { return std::make_shared<torch::nn::Module>(); }

void initialise_all(torch::nn::Module& root, std::uint64_t seed) {
  // Backwards, so that a part may change what the layers below it gave themselves.
  const auto modules = root.named_modules();
  for (std::size_t i = modules.size(); i-- > 0;) {
    if (auto* const part = dynamic_cast<Part*>(modules[i].value().get())) {
      part->initialise(seed, modules[i].key());
    }
  }
}

}  // namespace pluvia
