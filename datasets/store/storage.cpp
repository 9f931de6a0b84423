// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/storage.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::array<const char*, 3> kNames = {"default", "fast", "small"};

}  // namespace

std::vector<std::string> storage_names() { return {kNames.begin(), kNames.end()}; }

Storage storage_by_name(const std::string& name) {
  const std::vector<std::string> names = storage_names();
  const auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) {
    fail_usage("unknown storage '", name, "'", did_you_mean(name, names), "; there are ",
               join(names, ", "));
  }
  return static_cast<Storage>(at - names.begin());
}

const char* name_of(Storage storage) { return kNames.at(static_cast<std::size_t>(storage)); }

}  // namespace pluvia
