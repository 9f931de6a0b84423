// SPDX-License-Identifier: Apache-2.0
// The table of methods that need no LibTorch.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "core/method.h"

namespace pluvia {

struct MethodEntry {
  const char* name;
  std::unique_ptr<Method> (*make)();
};

std::span<const MethodEntry> all_methods();

/// An Error of usage names the nearest method when there is none of that name.
std::unique_ptr<Method> make_method(std::string_view name);

}  // namespace pluvia
