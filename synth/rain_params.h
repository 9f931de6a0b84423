// SPDX-License-Identifier: Apache-2.0
// Everything a user may ask of the rain of one clip, as a table (core/params.h): names, units,
// defaults and ranges; and the same as a struct for the renderer. Defaults are physical rain by day
// seen from a car; `vrds_look` gives values after the published frames of VRDS.
//
// Widths, and the defocus that follows from the focal length, are for a frame 1280 pixels wide and
// scale with the frame, so that a small render looks like a large one shrunk.
#pragma once

#include <span>

#include "core/params.h"
#include "synth/rain_settings.h"

namespace pluvia::synth {

std::span<const Param> rain_param_table();

/// "vrds": the table's values for formation vrds, as a Params to change further.
Params vrds_look();

}  // namespace pluvia::synth
