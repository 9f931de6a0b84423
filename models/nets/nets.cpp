// SPDX-License-Identifier: Apache-2.0
#include "models/nets/nets.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "models/torch_module.h"

namespace pluvia {
namespace {

#define PLUVIA_NETWORK(file, name, options, help, published) \
  NetworkEntry{#file, name, options, help, published},
constexpr NetworkEntry kNetworks[] = {
#include "models/nets/nets.list"
};
#undef PLUVIA_NETWORK

}  // namespace

std::span<const NetworkEntry> all_networks() { return kNetworks; }

const NetworkEntry& network_entry(std::string_view name) {
  std::vector<std::string> names;
  for (const NetworkEntry& entry : kNetworks) {
    if (name == entry.name) return entry;
    names.emplace_back(entry.name);
  }
  fail_usage("unknown network '", name, "'", did_you_mean(name, names),
             "; known: ", list_some(names, 30));
}

std::unique_ptr<Network> make_network(const NetworkRequest& request) {
  network_entry(request.name);  // before LibTorch is opened for a name that nothing has
  return torch_module().make_network(request);
}

}  // namespace pluvia
