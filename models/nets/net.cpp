// SPDX-License-Identifier: Apache-2.0
// The module's side of nets.list: who makes which network.
#include "models/torch_pch.h"
// After the precompiled header.
#include "core/error.h"
#include "models/nets/net.h"

namespace pluvia {

#define PLUVIA_NETWORK(file, name, options, help, published)                         \
  std::shared_ptr<Net> make_##file(const std::string& called, const Json& settings); \
  Json file##_options_of(const std::vector<StateEntry>& state);
#include "models/nets/nets.list"
#undef PLUVIA_NETWORK

namespace {

struct NamedMaker {
  const char* name;
  NetMaker maker;
};

#define PLUVIA_NETWORK(file, name, options, help, published) \
  NamedMaker{name, {&make_##file, &file##_options_of}},
const NamedMaker kMakers[] = {
#include "models/nets/nets.list"
};
#undef PLUVIA_NETWORK

}  // namespace

const NetMaker& net_maker(const std::string& name) {
  for (const NamedMaker& one : kMakers) {
    if (name == one.name) return one.maker;
  }
  fail_usage("unknown network '", name, "'");
}

std::shared_ptr<Net> make_net(const std::string& name, const Json& options) {
  return net_maker(name).make(name, options);
}

}  // namespace pluvia
