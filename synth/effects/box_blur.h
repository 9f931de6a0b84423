// SPDX-License-Identifier: Apache-2.0
// Blur by a circle of confusion: three running boxes each way, which keep sums to rounding and have
// the disc's variance (diameter^2 / 16 along each axis). Softer at its edge than a disc.
#pragma once

#include "core/image.h"

namespace pluvia::synth {

/// In place, 4 channels; outside the picture counts as its edge.
void blur_disc(ImageView<float> image, float diameter_px);

}  // namespace pluvia::synth
