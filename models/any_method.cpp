// SPDX-License-Identifier: Apache-2.0
#include "models/any_method.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/json.h"
#include "models/methods/methods.h"

namespace pluvia {

std::unique_ptr<Method> make_method(const MethodRequest& request) {
  if (!request.weights.empty()) fail_usage("--weights: ", request.name, " has no weights");
  return make_method(request.name);
}

std::string describe_method(const MethodRequest& request) {
  return Json{{"name", request.name}}.dump();
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const MethodEntry& entry : all_methods()) names.emplace_back(entry.name);
  return names;
}

}  // namespace pluvia
