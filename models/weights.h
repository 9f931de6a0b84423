// SPDX-License-Identifier: Apache-2.0
// Which tensor of a weight file belongs to which entry of a network's state dictionary. Needs no
// LibTorch.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/tensor_file/tensors.h"
#include "models/network.h"

namespace pluvia {

/// The file's tensors that are the network's, under the network's own names: prefixes that training
/// code adds ("generator.", "module.") are taken off; losses' networks, other networks beside a
/// generator and counters are left out. The pointers are into `weights`.
std::vector<std::pair<std::string, const Tensor*>> own_weights(const NamedTensors& weights,
                                                               const std::string& place);

struct ExpectedWeights {
  const std::vector<StateEntry>& state;
  std::function<bool(const std::string& key)> optional;  ///< may be lacking; null: none may
};
/// One tensor for each entry of the state dictionary, in its order; null for an optional one that
/// is not there. An Error lists what is missing, unexpected or of another shape, and says so when
/// the file is another network's.
std::vector<const Tensor*> match_weights(
    const std::vector<std::pair<std::string, const Tensor*>>& own, const ExpectedWeights& expected,
    const std::string& network, const std::string& place);

/// "ViMP-Net", ... by names that only its state dictionary has; empty: none that we know.
std::string network_of_weights(const std::vector<std::pair<std::string, const Tensor*>>& own);

/// "128x96x1x1"; a scalar is "()".
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace pluvia
