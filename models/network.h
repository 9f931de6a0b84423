// SPDX-License-Identifier: Apache-2.0
// A network as the program sees it: without LibTorch, whose headers stay in the module
// (models/torch_module.h). A network is a Method once it has weights.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/method.h"
#include "core/tensor_file/tensors.h"

namespace pluvia {

struct NetworkRequest {
  std::string name;            ///< of models/nets/nets.list: "rainmamba", "rainmamba-tiny", ...
  std::string options = "{}";  ///< JSON: what departs from the named configuration
  std::string precision = "float32";  ///< or "float64", "bfloat16"
  std::string device = "cpu";         ///< or "cuda", "cuda:N"
};

/// One line of a network's state dictionary.
struct StateEntry {
  std::string key;
  std::vector<std::int64_t> shape;
};

/// Multiply-adds of one part of a network.
struct NetworkPart {
  std::string name;
  std::int64_t parameters = 0;
  double macs = 0;
};

struct NetworkDescription {
  std::string options;  ///< JSON: every option with its value
  std::int64_t parameters = 0;
  int frames = 0, height = 0, width = 0;  ///< of the clip that `macs` are counted for
  std::vector<NetworkPart> parts;         ///< in order of the data
  std::vector<StateEntry> state;          ///< in the order of the reference's state dictionary
};

class Network : public Method {
 public:
  virtual NetworkDescription describe(int frames, int height, int width) const = 0;
  /// All of the state dictionary, strictly: an Error lists what is missing, unexpected or of
  /// another shape. Prefixes that training code adds ("generator.", "module.") are taken off, and
  /// what it saves beside the network (losses' own networks, counters) is left.
  virtual void load(const NamedTensors& weights, const std::string& place) = 0;
  virtual NamedTensors save() const = 0;
};

}  // namespace pluvia
