// SPDX-License-Identifier: Apache-2.0
// Which windows and tiles suit a method.
#pragma once

#include <string>

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

/// The same for pictures that have nothing to do with each other: each is a clip of its own.
ApplyPlan one_by_one(ApplyPlan plan);

/// What a user should know of a method on a clip of so many frames (0: several, how many is not
/// known): that it sees every frame by itself, or fewer than the windows it was made for. Empty:
/// nothing.
std::string window_note(const MethodInfo& method, int frames);

/// The papers' rule for such tiles: mean over time, overlaps in space cut in half, or as
/// `in_space` says.
ApplyPlan paper_plan(const TilePlan& tiles, Overlap in_space = Overlap::kTrim);

}  // namespace pluvia
