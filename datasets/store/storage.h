// SPDX-License-Identifier: Apache-2.0
// Ways to store the same content: hashes are equal, size and speed differ (docs/format.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pluvia {

enum class Storage : std::uint8_t {
  kDefault,  ///< tiles, gzip 1
  kFast,     ///< as it is, in one piece
  kSmall,    ///< tiles, gzip 9, without what other layers say already
};

/// "default", "fast", "small".
std::vector<std::string> storage_names();
/// Wrong usage with the nearest name when there is none.
Storage storage_by_name(const std::string& name);
const char* name_of(Storage storage);

}  // namespace pluvia
