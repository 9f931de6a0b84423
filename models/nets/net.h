// SPDX-License-Identifier: Apache-2.0
// What a network of models/nets/ is to those who train it and to the Network that the program sees
// (models/nets/torch_network.h). Inside the LibTorch module only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/json.h"
#include "models/network.h"
#include "models/torch_pch.h"

namespace pluvia {

class Net : public torch::nn::Module {
 public:
  virtual const MethodInfo& info() const = 0;
  /// Every option with its value.
  virtual Json options() const = 0;
  /// (n, T, 3, H, W) in 0..1 to (n, T, C, H, W): the clean frames, then what info().layers lists.
  virtual torch::Tensor forward(const torch::Tensor& frames) = 0;
  virtual std::vector<NetworkPart> parts(int frames, int height, int width) const = 0;
  /// Parameters that stay in single precision when the rest is computed in a half one.
  virtual bool keeps_single(const std::string& key) const = 0;
  /// Whether some of its operators have no GPU form in this build.
  virtual bool cpu_only() const { return false; }
  /// Entries of the state dictionary that a file may lack; they then keep their first values.
  virtual bool optional(const std::string& /*key*/) const { return false; }
  /// Entries of a part that published weights of that part alone may lack.
  virtual bool optional_of_part(const std::string& /*key*/) const { return false; }
  /// First values of what is no Part (initialise_all gives those theirs).
  virtual void initialise_own(std::uint64_t /*seed*/) {}
  /// Numbers that are searched beside the weights, with data and an optimizer of their own.
  virtual std::vector<torch::Tensor> architecture() const { return {}; }
};

/// How the table of networks makes one: from options as JSON, `name` being what users call it.
struct NetMaker {
  std::shared_ptr<Net> (*make)(const std::string& name, const Json& options);
  /// The options that a state dictionary was made with, as far as its keys and shapes tell; other
  /// networks' dictionaries give an empty object.
  Json (*options_of)(const std::vector<StateEntry>& state);
};

/// By the name in nets.list.
const NetMaker& net_maker(const std::string& name);

/// A network of the table with its options applied, its parameters without values.
std::shared_ptr<Net> make_net(const std::string& name, const Json& options);

/// Shapes in the order of the state dictionary.
std::vector<StateEntry> state_of(const Net& net);

}  // namespace pluvia
