// SPDX-License-Identifier: Apache-2.0
// A whole scene under rain, frame by frame into a writer, with the table of frames.
#pragma once

#include "core/clip.h"
#include "synth/renderer.h"
#include "synth/scene.h"

namespace pluvia::synth {

/// Frames [0, info.frames) of the scene, in order. The writer is left to be finished by the caller,
/// who may have notes to add. Errors name the frame.
void render_clip(const Scene& scene, const RainRenderer& rain, ClipWriter& writer);

}  // namespace pluvia::synth
