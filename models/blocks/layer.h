// SPDX-License-Identifier: Apache-2.0
// Parts that networks are built of. A NetLayer is no more than a weight and a bias under a name:
// what is done with them is written where it is done. They start without values, which weights or
// initialise() give: a network of 39 million parameters is described in no time.
//
// Initial values come from core/rng.h and the parameter's name, so they are the same on every
// machine and do not change when another part is added.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/torch_pch.h"

namespace pluvia {

/// Where a parameter's initial values are drawn from.
struct Draw {
  std::uint64_t seed = 0;
  std::string key;  ///< in the state dictionary

  void uniform(torch::Tensor& to, double bound) const;
  void normal(torch::Tensor& to, double deviation) const;
};

/// A module that can give itself initial values; `name` is its own in the state dictionary.
class Part : public torch::nn::Module {
 public:
  virtual void initialise(std::uint64_t seed, const std::string& name) = 0;
};

enum class Init : std::uint8_t {
  kFanIn,        ///< PyTorch's default: uniform in +-1/sqrt(fan in), the bias too
  kFanOut,       ///< Kaiming normal by fan out for ReLU, bias 0 (mmcv's convolutions)
  kFanInTenth,   ///< Kaiming normal by fan in, times 0.1, bias 0 (BasicSR's residual blocks)
  kZero,         ///< weight and bias 0
  kSmallNormal,  ///< normal, deviation 0.02, bias 0 (timm's for transformers)
  kOne,          ///< scale 1, shift 0 (norms)
};

class NetLayer : public Part {
 public:
  NetLayer(std::vector<std::int64_t> shape, std::int64_t biases, Init init);
  void initialise(std::uint64_t seed, const std::string& name) override;

  torch::Tensor weight;
  torch::Tensor bias;  ///< undefined where there is none

 private:
  Init init_;
};
using LayerPtr = std::shared_ptr<NetLayer>;

LayerPtr make_linear(std::int64_t in, std::int64_t out, Init init, bool bias = true);
LayerPtr make_norm(std::int64_t channels);
/// `shape` as the framework has it; as many biases as output channels.
LayerPtr make_conv(std::vector<std::int64_t> shape, Init init = Init::kFanIn);

torch::Tensor linear(const torch::Tensor& x, const NetLayer& layer);
/// Over the last dimension.
torch::Tensor layer_norm(const torch::Tensor& x, const NetLayer& norm, double epsilon);
/// Over the channels of (n, C, H, W).
torch::Tensor channel_norm(const torch::Tensor& x, const NetLayer& norm, double epsilon);

/// A level of names without parameters of its own ("downsample_layers.0").
std::shared_ptr<torch::nn::Module> make_group();

/// Every Part below (and at) `root`, which is held by a shared pointer.
void initialise_all(torch::nn::Module& root, std::uint64_t seed);

}  // namespace pluvia
