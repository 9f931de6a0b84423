// SPDX-License-Identifier: Apache-2.0
// Which windows and tiles suit a method.
#pragma once

#include "core/method.h"
#include "eval/apply/apply_method.h"

namespace pluvia {

enum class Tiling : std::uint8_t {
  kAuto,   ///< tiles that fit in memory, with wide soft seams
  kNone,   ///< whole pictures
  kPaper,  ///< as the method's paper tests it
};
const char* to_text(Tiling tiling);

/// `tile_px`: side of kAuto's tiles; 0: the method's own. An Error of usage when kPaper is asked of
/// a method that has no such protocol.
ApplyPlan plan_of(const MethodInfo& method, Tiling tiling, int tile_px = 0);

/// The papers' rule for such tiles: mean over time, overlaps in space cut in half.
ApplyPlan paper_plan(const TilePlan& tiles);

}  // namespace pluvia
