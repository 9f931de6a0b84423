// SPDX-License-Identifier: Apache-2.0
// One set from many by copying chunks as they are stored: nothing is decoded. SetWriter assembles
// its parts with the same code.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/store/set_info.h"

namespace pluvia {

/// Copies every clip of `parts` into a new file at `target` (which is not a final name: the caller
/// publishes it). `again` says how to go on once there is room on the disk. `head` gives what the
/// set says of itself; its rows are ignored, its splits kept.
void assemble(const std::vector<std::filesystem::path>& parts, SetInfo head,
              const std::filesystem::path& target, const std::string& title,
              const std::string& again);

struct MergeOptions {
  bool link = false;  ///< an index of external links to sibling files instead of a copy
  bool force = false;
};

/// Shards must agree in kind and formation and share no clip. One that is links itself stands for
/// the files that it leads to. Returns the number of clips.
std::size_t merge_sets(const std::vector<std::filesystem::path>& shards,
                       const std::filesystem::path& out, const MergeOptions& options);

}  // namespace pluvia
