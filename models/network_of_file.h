// SPDX-License-Identifier: Apache-2.0
// Which network a file of weights belongs to.
#pragma once

#include <string>

#include "core/tensor_file/tensors.h"

namespace pluvia {

/// The name in the file's metadata or, failing that, of the network whose state dictionary the keys
/// fit: first one of just these shapes, then one that takes on the file's sizes. An Error says what
/// the file looks like.
std::string network_of_file(const std::string& path);

/// The network whose own sizes these weights have, where that is another one than `name`: they may
/// load all the same, and then run with `name`'s options, which shapes do not show. Empty: none.
std::string other_network_of_shapes(const std::string& name, const NamedTensors& weights,
                                    const std::string& path);

}  // namespace pluvia
