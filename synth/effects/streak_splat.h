// SPDX-License-Identifier: Apache-2.0
// Streaks drawn into planes of opacity.
//
// A streak is a Gaussian across and a bar with Gaussian ends along: the disc of the drop (variance
// w^2/16), its circle of confusion (c^2/16) and the pixel (0.55^2) convolved, moved along the path
// at constant speed. Its opacities sum to pi w^2/4 over the pixels, the area of the drop, whatever
// the exposure, speed or defocus. Opacities of streaks are added, as optical depths are, so their
// order does not matter; each pixel is summed by one thread in the order of the list.
#pragma once

#include <span>

#include "core/image.h"
#include "synth/effects/streaks.h"

namespace pluvia::synth {

struct StreakPlanes {
  Image<float> opacity;  ///< (H, W, 1) sum of opacities
  Image<float> glow;     ///< the same, each streak weighted by its brightness and ripple
};

/// `depth_m` may be empty; where the scene is nearer than a streak, the streak is hidden.
StreakPlanes splat(std::span<const Streak> streaks, int height, int width,
                   ImageView<const float> depth_m);

}  // namespace pluvia::synth
