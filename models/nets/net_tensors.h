// SPDX-License-Identifier: Apache-2.0
// Between a Net and the world without LibTorch: its tensors as NamedTensors and back, frames in and
// frames out.
#pragma once

#include <string>
#include <vector>

#include "core/method.h"
#include "core/tensor_file/tensors.h"
#include "models/nets/net.h"
#include "models/torch_pch.h"

namespace pluvia {

torch::Tensor to_torch(const Tensor& tensor);
/// Floating point as float32, whole numbers as int64.
Tensor to_tensor(const torch::Tensor& tensor);

/// Parameters and buffers, in the order of state_of().
std::vector<torch::Tensor> tensors_of(const torch::nn::Module& module);

/// How strict loading is.
struct LoadOptions {
  std::string network;  ///< its name, for errors
  std::string place;    ///< the file, for errors
  bool allow_nonfinite = false;
  std::string part = {};  ///< only this submodule, whose name the file's keys may lack; empty: all
};
/// All of the state dictionary but what the net calls optional; see models/weights.h.
void load_tensors(const NamedTensors& weights, Net& net, const LoadOptions& options);
NamedTensors save_tensors(const Net& net);
/// Values of one net into another of the same options.
void copy_tensors(const Net& from, Net& to);

/// The network that a name stands for, with options on top, without values.
std::shared_ptr<Net> make_named_net(const std::string& name, const Json& options);

/// "cpu", "cuda", "cuda:N". An Error when the net's operators have no GPU form.
torch::Device device_for(const Net& net, const std::string& device);

struct Arithmetic {
  torch::ScalarType precision = torch::kFloat32;
  torch::Device device = torch::kCPU;
};
/// Runs the net on one window; sizes are checked.
void run_net(Net& net, const Arithmetic& how, const FramesView<const float>& rainy,
             const FramesView<float>& clean);

}  // namespace pluvia
