// SPDX-License-Identifier: Apache-2.0
// Names that a set holds become files' names, and a set is a file that anybody may have made.
#pragma once

#include <algorithm>
#include <string_view>

namespace pluvia {

/// Whether it is one plain component of a path, not hidden, of at most 200 bytes.
inline bool is_file_name(std::string_view name) {
  constexpr std::size_t kLongest = 200;
  if (name.empty() || name.size() > kLongest || name.front() == '.') return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return c == '/' || c == '\\' || code < 0x20 || code == 0x7F;
  });
}

}  // namespace pluvia
