// SPDX-License-Identifier: Apache-2.0
// How many of a thing, as people write it.
#pragma once

#include <string>
#include <string_view>

namespace pluvia {

/// "1 clip", "2 clips", "0 clips".
template <typename Whole>
std::string counted(Whole count, std::string_view thing) {
  std::string out = std::to_string(count) + " ";
  out += thing;
  if (count != 1) out += "s";
  return out;
}

}  // namespace pluvia
