// SPDX-License-Identifier: Apache-2.0
#include "models/network_of_file.h"

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "core/error.h"
#include "core/tensor_file/safetensors.h"
#include "core/text.h"
#include "models/nets/nets.h"
#include "models/weights.h"

namespace pluvia {
namespace {

using Shapes = std::map<std::string, std::vector<std::int64_t>>;

bool is_network(const std::string& name) {
  return std::any_of(all_networks().begin(), all_networks().end(),
                     [&](const NetworkEntry& entry) { return name == entry.name; });
}

bool loads(Network& network, const NamedTensors& weights, const std::string& path) {
  try {
    network.load(weights, path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

Shapes shapes_of(const Network& network) {
  Shapes shapes;
  for (const StateEntry& entry : network.describe(1, 64, 64).state) shapes[entry.key] = entry.shape;
  return shapes;
}

Shapes shapes_of(const NamedTensors& weights, const std::string& path) {
  Shapes found;
  for (const auto& [key, tensor] : own_weights(weights, path)) {
    if (tensor->unreadable.empty()) found[key] = tensor->shape;
  }
  return found;
}

}  // namespace

std::string other_network_of_shapes(const std::string& name, const NamedTensors& weights,
                                    const std::string& path) {
  const Shapes found = shapes_of(weights, path);
  if (shapes_of(*make_network({name})) == found) return {};
  for (const NetworkEntry& entry : all_networks()) {
    if (name != entry.name && shapes_of(*make_network({entry.name})) == found) return entry.name;
  }
  return {};
}

std::string network_of_file(const std::string& path) {
  const std::map<std::string, std::string> said = safetensors_metadata(path);
  const auto name = said.find("network");
  if (name != said.end() && is_network(name->second)) return name->second;
  const NamedTensors weights = read_weights(path);
  const auto own = own_weights(weights, path);
  const Shapes found = shapes_of(weights, path);
  std::string fitting;
  std::vector<std::string> names;
  for (const NetworkEntry& entry : all_networks()) {
    const std::unique_ptr<Network> network = make_network({entry.name});
    if (shapes_of(*network) == found) return entry.name;
    if (fitting.empty() && loads(*network, weights, path)) fitting = entry.name;
    names.emplace_back(entry.name);
  }
  if (!fitting.empty()) return fitting;
  const std::string looks = network_of_weights(own);
  fail(path, ": its ", own.size(), " tensors fit no network as it is",
       looks.empty() ? "" : ", though they look like " + looks,
       "; give the network's name, with --set where its options differ: ", join(names, ", "));
}

}  // namespace pluvia
