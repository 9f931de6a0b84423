// SPDX-License-Identifier: Apache-2.0
// A method over a clip of any length and size: cut into windows over time and tiles over space
// (core/tiling.h), run, and put together again. Memory is that of one window whatever the length.
//
// Every axis has a rule for what counts where windows overlap. A pixel's weight is the product over
// the axes; the result is the weighted mean.
//   average   1 everywhere: the papers' windows over time
//   trim      0 on the outer half of the overlap, except at the clip's border: the papers' tiles,
//             and methods that need `context` on each side
//   feather   rises linearly over the overlap: no seams
#pragma once

#include <functional>
#include <vector>

#include "core/method.h"
#include "core/tiling.h"
#include "eval/apply/planar.h"

namespace pluvia {

enum class Overlap { kAverage, kTrim, kFeather };

struct ApplyAxis {
  Cut cut;
  Overlap overlap = Overlap::kTrim;
};

struct ApplyPlan {
  ApplyAxis frames;
  ApplyAxis rows;
  ApplyAxis columns;
};

/// Gives the next frame, or false after the last. All frames have one size.
using NextFrame = std::function<bool(PlanarFrame& frame)>;
/// Takes frame t of the result; called in order.
using PutFrame = std::function<void(int t, PlanarFrame frame)>;

/// Runs the method over all frames; returns how many there were. Pictures are reflected at the
/// right and the bottom up to the multiples that the method takes.
int apply_method(Method& method, const ApplyPlan& plan, const NextFrame& next, const PutFrame& put);

/// Weights along one axis of a window [first, first + size) of a total.
std::vector<float> axis_weights(const Range& window, int total, const ApplyAxis& axis);

}  // namespace pluvia
