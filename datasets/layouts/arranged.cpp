// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/arranged.h"

#include "datasets/layouts/clip_plan.h"

namespace pluvia {

void plan_arranged(Scan& scan, std::span<const Arrangement> arrangements,
                   const std::string& expected) {
  std::vector<DataRoot> roots = free_roots(scan);
  if (roots.empty()) roots = arranged_roots(scan, arrangements);
  if (roots.empty()) fail_unrecognised(scan, expected);
  plan_clips(scan, roots);
}

std::optional<ExportPlace> arranged_place(std::span<const Arrangement> arrangements,
                                          const ClipInfo& clip, Layer layer,
                                          const ExportContext& context) {
  const std::string split = clip.split.empty() ? "train" : clip.split;
  for (const Place& entry : find_arrangement(arrangements, context.arrangement).places) {
    if (split != entry.split || layer != entry.layer) continue;
    return ExportPlace{fs::path(entry.folder) / original_name(clip), false};
  }
  return std::nullopt;
}

}  // namespace pluvia
