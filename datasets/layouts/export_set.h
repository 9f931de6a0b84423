// SPDX-License-Identifier: Apache-2.0
// The way back: clips of a set as the folders of PNG files that existing training code reads.
//
// The folder appears under its final name only when it is complete. It holds, beside the layout's
// folders, pluvia-export.json: what was exported and how, by which an interrupted export is resumed
// and by which --force knows a folder that it may replace.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/clip.h"
#include "datasets/layouts/layout.h"

namespace pluvia {

struct ExportOptions {
  std::string arrangement;  ///< of the layout; empty: its first
  bool resume = false;
  bool force = false;
  int threads = 0;          ///< 0: all cores
  std::string source_text;  ///< what is exported (file name, content hash), for the record
};

struct ExportResult {
  std::uint64_t files = 0;    ///< written now
  std::uint64_t skipped = 0;  ///< there already
  std::vector<std::string> warnings;
};

/// All clips must be of `layout`'s kind (the caller knows the set's).
ExportResult export_set(std::span<const ClipReader* const> clips, const Layout& layout,
                        const fs::path& dir, const ExportOptions& options);

/// "folder/name.png" of every picture the export would write, relative to the data set.
std::vector<std::string> planned_files(std::span<const ClipReader* const> clips,
                                       const Layout& layout, const std::string& arrangement);

}  // namespace pluvia
