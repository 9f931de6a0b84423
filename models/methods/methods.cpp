// SPDX-License-Identifier: Apache-2.0
#include "models/methods/methods.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {

#define PLUVIA_METHOD(function, name) std::unique_ptr<Method> make_##function();
#include "models/methods/methods.list"
#undef PLUVIA_METHOD

namespace {

#define PLUVIA_METHOD(function, name) MethodEntry{name, &make_##function},
constexpr MethodEntry kMethods[] = {
#include "models/methods/methods.list"
};
#undef PLUVIA_METHOD

}  // namespace

std::span<const MethodEntry> all_methods() { return kMethods; }

std::unique_ptr<Method> make_method(std::string_view name) {
  std::vector<std::string> names;
  for (const MethodEntry& entry : kMethods) {
    if (name == entry.name) return entry.make();
    names.emplace_back(entry.name);
  }
  fail_usage("unknown method '", name, "'", did_you_mean(name, names),
             "; known: ", list_some(names, 30));
}

}  // namespace pluvia
