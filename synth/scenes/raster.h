// SPDX-License-Identifier: Apache-2.0
// A stage into pixels: visibility at 2x2 points a pixel, one shading per pixel and visible surface
// (its points averaged), so that edges are smooth and textures filter themselves.
#pragma once

#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {

/// `next` is the camera of the following frame, for flow.
SceneFrame draw_frame(const Stage& stage, const View& view, const View& next, int height,
                      int width);

}  // namespace pluvia::synth::scenes
