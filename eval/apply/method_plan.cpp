// SPDX-License-Identifier: Apache-2.0
#include "eval/apply/method_plan.h"

#include <algorithm>

#include "core/counted.h"
#include "core/error.h"

namespace pluvia {
namespace {

constexpr int kWindowFrames = 12;  ///< of methods that take any number

// Tiles overlap by a sixth of their side: wider than the part of a network's view that carries
// weight.
constexpr int kOverlapShare = 6;

ApplyAxis in_time(const MethodInfo& method) {
  const int context = 2 * method.context_frames;
  if (method.window_frames == 0) return {{kWindowFrames + context, context}, Overlap::kTrim};
  if (context > 0) {
    return {{method.window_frames, std::min(context, method.window_frames - 1)}, Overlap::kTrim};
  }
  // Trained on windows, with no frame of its own in them: windows overlap by half, softly.
  return {{method.window_frames, method.window_frames / 2}, Overlap::kFeather};
}

}  // namespace

const char* to_text(Tiling tiling) {
  return tiling == Tiling::kAuto ? "auto" : tiling == Tiling::kNone ? "none" : "paper";
}

ApplyPlan paper_plan(const TilePlan& tiles, Overlap in_space) {
  return {{tiles.frames, Overlap::kAverage}, {tiles.rows, in_space}, {tiles.columns, in_space}};
}

ApplyPlan one_by_one(ApplyPlan plan) {
  plan.frames = {{1, 0}, Overlap::kTrim};
  return plan;
}

std::string window_note(const MethodInfo& method, int frames) {
  if (method.window_frames == 1 && frames != 1) {
    return method.name + " takes single pictures: it sees every frame of a clip by itself";
  }
  if (frames == 0 || frames >= method.window_frames) return {};
  return cat(method.name, " was made for windows of ", counted(method.window_frames, "frame"),
             frames == 1
                 ? " and sees single pictures here: nothing that moves tells it what is rain"
                 : cat(" and sees ", frames, " here, all that there are"));
}

ApplyPlan plan_of(const MethodInfo& method, Tiling tiling, int tile_px) {
  if (tiling == Tiling::kPaper) {
    if (!method.paper_tiles) {
      fail_usage("--tile paper: ", method.name,
                 " has no test protocol of its own; use auto or none");
    }
    return paper_plan(*method.paper_tiles);
  }
  ApplyPlan plan;
  plan.frames = in_time(method);
  const int side = tile_px > 0 ? tile_px : method.tile_px;
  if (tiling == Tiling::kAuto && side > 0) {
    const int multiple = method.size_multiple;
    const Cut cut{(side + multiple - 1) / multiple * multiple, side / kOverlapShare};
    plan.rows = plan.columns = {cut, Overlap::kFeather};
  }
  return plan;
}

}  // namespace pluvia
