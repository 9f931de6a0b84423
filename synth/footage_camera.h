// SPDX-License-Identifier: Apache-2.0
// The camera that is assumed to have taken the user's own footage, which says nothing of it: how
// wide it sees, how high it stands and how fast it drives straight ahead, over level ground.
// Built-in scenes have cameras of their own.
#pragma once

#include <span>

#include "core/params.h"
#include "synth/scene.h"

namespace pluvia::synth {

std::span<const Param> footage_camera_table();

/// The state at a time, for frames of a width.
CameraState footage_camera(const Params& params, double time_s, int width);

}  // namespace pluvia::synth
