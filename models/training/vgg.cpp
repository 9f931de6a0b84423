// SPDX-License-Identifier: Apache-2.0
#include "models/training/vgg.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "core/tensor_file/tensors.h"
#include "core/text.h"

namespace pluvia {
namespace {

/// Convolutions of each block; a pool follows each.
std::vector<int> blocks_of(int depth) {
  return depth == 16 ? std::vector<int>{2, 2, 3, 3, 3} : std::vector<int>{2, 2, 4, 4, 4};
}

constexpr int kWidths[] = {64, 128, 256, 512, 512};

/// Normal, variance 2 / fan in.
torch::Tensor random_weight(std::int64_t out, std::int64_t in, int layer) {
  torch::Tensor weight = torch::empty({out, in, 3, 3});
  float* const to = weight.data_ptr<float>();
  const double scale = std::sqrt(2.0 / static_cast<double>(9 * in));
  Random random{1, static_cast<std::uint32_t>(layer), 0, 0};
  for (std::int64_t i = 0; i < weight.numel(); ++i) {
    random.particle = static_cast<std::uint32_t>(i);
    to[i] = static_cast<float>(scale * random.normal(0));
  }
  return weight;
}

/// Convolutions of the first three blocks stand in the same places in both networks; from the
/// fourth block on they do not.
void require_depth(const NamedTensors& file, int depth, const std::string& weights) {
  const int other = depth == 16 ? 19 : 16;
  const std::string of_other = depth == 16 ? "features.16.weight" : "features.17.weight";
  for (const auto& [key, tensor] : file) {
    if (key == of_other || key.ends_with("." + of_other)) {
      fail(weights, ": holds VGG", other, ", expected torchvision's vgg", depth, " weights");
    }
  }
}

torch::Tensor float_tensor(const Tensor& tensor) {
  const std::vector<float> values = to_floats(tensor);
  return torch::tensor(values).reshape(tensor.shape);
}

}  // namespace

void VggFeatures::plan(int depth) {
  const int last = taps_.back();
  int index = 0;
  int block = 0;
  std::int64_t channels = 3;
  for (const int count : blocks_of(depth)) {
    const std::int64_t width = kWidths[block++];
    for (int i = 0; i < count; ++i) {
      if (index > last) return;
      layers_.push_back({index, 'c', torch::empty({width, channels, 3, 3}), torch::zeros({width})});
      channels = width;
      layers_.push_back({index + 1, 'r', {}, {}});
      index += 2;
    }
    layers_.push_back({index++, 'p', {}, {}});
  }
}

VggFeatures::VggFeatures(int depth, std::vector<int> taps, const std::string& weights)
    : taps_(std::move(taps)) {
  plan(depth);
  if (weights.empty()) {
    for (Layer& layer : layers_) {
      if (layer.kind == 'c') {
        layer.weight = random_weight(layer.weight.size(0), layer.weight.size(1), layer.index);
      }
    }
    return;
  }
  const NamedTensors file = read_weights(weights);
  require_depth(file, depth, weights);
  const auto find = [&](const std::string& name, const torch::Tensor& like) {
    for (const auto& [key, tensor] : file) {
      if (key != name && !key.ends_with("." + name)) continue;
      if (tensor.shape != like.sizes().vec()) break;
      return float_tensor(tensor);
    }
    fail(weights, ": no tensor ", name, " of VGG", depth, "'s shape; expected torchvision's vgg",
         depth, " weights");
  };
  for (Layer& layer : layers_) {
    if (layer.kind != 'c') continue;
    const std::string head = "features." + std::to_string(layer.index);
    layer.weight = find(head + ".weight", layer.weight);
    layer.bias = find(head + ".bias", layer.bias);
  }
}

VggFeatures::VggFeatures(int depth, std::vector<int> taps,
                         const std::vector<std::pair<std::string, torch::Tensor>>& weights)
    : taps_(std::move(taps)) {
  plan(depth);
  for (Layer& layer : layers_) {
    for (const auto& [name, value] : weights) {
      if (name == cat(layer.index, ".weight")) layer.weight = value;
      if (name == cat(layer.index, ".bias")) layer.bias = value;
    }
  }
}

std::vector<torch::Tensor> VggFeatures::operator()(torch::Tensor pictures) const {
  std::vector<torch::Tensor> out;
  torch::Tensor x = std::move(pictures);
  for (const Layer& layer : layers_) {
    if (layer.kind == 'c') {
      x = torch::conv2d(x, layer.weight.to(x.device(), x.dtype()),
                        layer.bias.to(x.device(), x.dtype()), 1, 1);
    } else if (layer.kind == 'r') {
      x = torch::relu(x);
    } else {
      x = torch::max_pool2d(x, 2, 2);
    }
    if (std::find(taps_.begin(), taps_.end(), layer.index) != taps_.end()) out.push_back(x);
    if (out.size() == taps_.size()) break;
  }
  return out;
}

}  // namespace pluvia
