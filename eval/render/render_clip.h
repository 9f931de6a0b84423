// SPDX-License-Identifier: Apache-2.0
// One planned clip from its clean frames through the rain into a writer. Frames are rendered
// several at a time, each by one thread, and written in order: the content depends on neither.
#pragma once

#include <functional>
#include <memory>

#include "core/clip.h"
#include "eval/render/plan.h"

namespace pluvia {

using FramesDone = std::function<void(int frames)>;

/// Renders the whole clip. `begin` makes the writer when the clip's sizes are known.
void render_clip(const PlannedRender& plan, const RenderRequest& request,
                 const std::function<std::unique_ptr<ClipWriter>(const ClipInfo&)>& begin,
                 const FramesDone& done);

}  // namespace pluvia
