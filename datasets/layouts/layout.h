// SPDX-License-Identifier: Apache-2.0
// A data set convention: how to recognise its folders and how to write them. One file each, one
// line in layouts.list each, ending in one descriptor.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "datasets/layouts/plan.h"
#include "datasets/layouts/scan.h"

namespace pluvia {

/// What a place depends on besides clip and layer.
struct ExportContext {
  std::string arrangement;  ///< empty: the layout's first
  bool has_splits = false;  ///< at least one clip of the export belongs to a split
};

struct ExportPlace {
  fs::path folder;      ///< relative to the data set, holds the frames of one clip's layer
  bool binary = false;  ///< values are written as 0 or 255, threshold 128
};

/// How frames are called in a layout whose readers count instead of listing: "%08d" from 0.
struct FrameNumbering {
  int digits = 0;  ///< 0: frames keep the names they came with
  int first = 0;
};

struct Layout {
  const char* name;
  const char* help;
  SetKind kind;
  /// Fills scan.plan. Throws only when the folder is not recognised at all or options are wrong.
  void (*plan)(Scan& scan);
  /// Where a layer of a clip goes; nothing when the layout has no place for it.
  std::optional<ExportPlace> (*place)(const ClipInfo& clip, Layer layer,
                                      const ExportContext& context);
  /// Names that --arrangement takes; empty where there is but one.
  std::vector<std::string> (*arrangements)();
  FrameNumbering numbering = {};
};

std::span<const Layout* const> all_layouts();
/// "vrds, paired, ...", for help and errors.
std::string layout_names();
/// Wrong usage with the nearest name when there is none.
const Layout& find_layout(const std::string& name);

/// The clip's name in the data set it came from (notes["name"]), or its id.
std::string original_name(const ClipInfo& clip);

/// The train/test/val folder of a clip in layouts that have free split folders: empty when the set
/// has no splits, nothing when such a folder would not be recognised again.
std::optional<fs::path> split_folder(const ClipInfo& clip, const ExportContext& context);

/// Plans the import of `dir`; problems are in the plan, see require_sound.
ImportPlan plan_import(const Layout& layout, const fs::path& dir, const ImportOptions& options);

}  // namespace pluvia
