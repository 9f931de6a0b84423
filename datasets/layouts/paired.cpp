// SPDX-License-Identifier: Apache-2.0
// Clips in pairs of folders under any of the usual names, with or without train/ test/ val/ above
// them: sub-folders of frames or video files, one per clip. The lossless way out and back for sets
// that no published convention can hold.
#include "datasets/layouts/clip_plan.h"
#include "datasets/layouts/layout.h"

namespace pluvia {
namespace {

constexpr FolderPair kPairs[] = {
    {"lq", "gt"},        {"rainy_vid", "clean_vid"},
    {"rainy", "clean"},  {"rain", "norain"},
    {"input", "target"}, {"rain", "gt"},
    {"rainy", "gt"},     {"rain", "clean"},
    {"input", "gt"},     {"rain", "groundtruth"},
    {"blur", "gt"},      {"data", "gt"},
    {"noisy", "clean"},  {"degraded", "clean"},
};

void plan(Scan& scan) {
  std::vector<DataRoot> roots = free_roots(scan);
  if (roots.empty()) roots = paired_roots(scan, kPairs);
  if (roots.empty()) {
    fail_unrecognised(scan,
                      "a rainy and a clean folder (lq and gt, rainy and clean, rain and norain, "
                      "input and target, ...), alone or within train/ and test/");
  }
  plan_clips(scan, roots);
}

std::optional<ExportPlace> place(const ClipInfo& clip, Layer layer, const ExportContext& context) {
  const auto folder = split_folder(clip, context);
  if (!folder || layer > Layer::kDrop) return std::nullopt;
  return ExportPlace{*folder / spec(layer).name / original_name(clip), false};
}

}  // namespace

const Layout& layout_paired() {
  static const Layout layout = {
      "paired",
      "clips (folders of frames, or videos) under lq/gt, rainy/clean, input/target, ...",
      SetKind::kClips,
      &plan,
      &place,
      [] { return std::vector<std::string>(); }};
  return layout;
}

}  // namespace pluvia
