// SPDX-License-Identifier: Apache-2.0
// From a recipe to a data set. Any clip, frame, thread count, shard or resumed run gives the same
// content.
#pragma once

#include <cstddef>
#include <vector>

#include "eval/render/plan.h"

namespace pluvia {

/// Renders this shard's clips and publishes the set. Returns the number of clips in it.
std::size_t render_set(const RenderRequest& request);

/// Seconds that rendering will take, from one frame a thread of the first clip; writing is not in
/// it.
double estimate_render_s(const RenderRequest& request, const std::vector<PlannedRender>& plans);

}  // namespace pluvia
