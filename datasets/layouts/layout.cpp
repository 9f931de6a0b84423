// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/layout.h"

#include "core/error.h"
#include "core/text.h"
#include "datasets/layouts/export_record.h"
#include "datasets/layouts/splits.h"

namespace pluvia {

#define PLUVIA_LAYOUT(name) const Layout& layout_##name();
#include "datasets/layouts/layouts.list"
#undef PLUVIA_LAYOUT

std::span<const Layout* const> all_layouts() {
#define PLUVIA_LAYOUT(name) &layout_##name(),
  static const Layout* const kLayouts[] = {
#include "datasets/layouts/layouts.list"
  };
#undef PLUVIA_LAYOUT
  return kLayouts;
}

std::string layout_names() {
  std::vector<std::string> names;
  for (const Layout* layout : all_layouts()) names.emplace_back(layout->name);
  return join(names, ", ");
}

const Layout& find_layout(const std::string& name) {
  std::vector<std::string> names;
  for (const Layout* layout : all_layouts()) {
    if (name == layout->name) return *layout;
    names.emplace_back(layout->name);
  }
  fail_usage("unknown layout '", name, "'", did_you_mean(name, names),
             "; layouts: ", layout_names());
}

std::string original_name(const ClipInfo& clip) {
  const auto note = clip.notes.find("name");
  return note == clip.notes.end() ? clip.id : note->second;
}

std::optional<fs::path> split_folder(const ClipInfo& clip, const ExportContext& context) {
  const auto note = clip.notes.find("group");
  const std::string group = note == clip.notes.end() ? "" : note->second;
  const std::string split = clip.split.empty() && context.has_splits ? "train" : clip.split;
  if (!split.empty() && split_of_name(split).empty()) return std::nullopt;
  if (group.empty()) return fs::path(split);
  const bool says_split = split.empty() || split_of_name(group) == split;
  return fs::path(says_split ? group : split + "_" + group);
}

ImportPlan plan_import(const Layout& layout, const fs::path& dir, const ImportOptions& options) {
  Scan scan(dir, options);
  scan.plan.layout = layout.name;
  scan.plan.kind = layout.kind;
  layout.plan(scan);
  scan.tell_left_alone();
  assign_ids(scan.plan.clips);
  // Pictures of an image set got their splits one by one, before they were stacked.
  if (scan.plan.kind == SetKind::kClips) {
    recall_export(dir, scan.plan.clips);
    Splits splits = Splits::load(options.splits_file);
    for (PlannedClip& clip : scan.plan.clips) splits.apply({clip.id, clip.name}, clip.split);
    splits.finish(scan.plan.warnings);
  }
  return std::move(scan.plan);
}

}  // namespace pluvia
