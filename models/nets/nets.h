// SPDX-License-Identifier: Apache-2.0
// The table of networks, readable without opening LibTorch.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "models/network.h"

namespace pluvia {

struct NetworkEntry {
  const char* file;  ///< equal for sizes of one network
  const char* name;
  const char* options;    ///< JSON: what the name stands for, on top of the network's defaults
  const char* help;       ///< one line
  const char* published;  ///< numbers from papers, or empty
};

std::span<const NetworkEntry> all_networks();

/// An Error of usage names the nearest network when there is none of that name.
const NetworkEntry& network_entry(std::string_view name);

/// Opens LibTorch. The network has no weights before load(), unless its options name a `seed`.
std::unique_ptr<Network> make_network(const NetworkRequest& request);

}  // namespace pluvia
