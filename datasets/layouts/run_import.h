// SPDX-License-Identifier: Apache-2.0
// Carries out an import plan: decodes all layers of frame t, then of frame t + 1, on all cores, and
// hands them in order to whatever writes clips. Memory does not grow with the clip.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/clip.h"
#include "datasets/layouts/plan.h"

namespace pluvia {

/// Gives the writer for a clip, or null when it is there already (a resumed import).
using OpenClip = std::function<std::unique_ptr<ClipWriter>(const ClipInfo&)>;

struct ImportResult {
  std::size_t clips = 0;    ///< written now
  std::size_t skipped = 0;  ///< there already
  std::uint64_t frames = 0;
  /// What frames lost in reading, by layer ("lq: bits 16 reduced to 8"), and how many of them did.
  std::map<std::string, std::uint64_t> losses;
  std::size_t faint_masks = 0;  ///< clips whose masks hold 0 and 1 and nothing above
};

/// `threads` 0: all cores. The plan must be sound (require_sound).
ImportResult run_import(const ImportPlan& plan, const OpenClip& open, int threads);

/// What the set will say about a planned clip, before media notes.
ClipInfo clip_info(const PlannedClip& clip, SetKind kind);

}  // namespace pluvia
