// SPDX-License-Identifier: Apache-2.0
// Any Net of models/nets/ as the Network that the program sees.
#pragma once

#include <memory>

#include "models/network.h"

namespace pluvia {

/// Options that every network takes besides its own: `seed` gives it random weights to start with,
/// `allow_nonfinite` lets weights that are not numbers through.
std::unique_ptr<Network> make_torch_network(const NetworkRequest& request);

}  // namespace pluvia
