// SPDX-License-Identifier: Apache-2.0
// The exact relations between the layers of one rendered frame (docs/format.md, "Formation").
//
//   vrds      drop = gt wherever mask = 0;  lq = min(255, drop + streak) in every channel
//   physical  lq = drop + streak_rgb;       streak = max over channels of max(0, streak_rgb)
#pragma once

#include <string>

#include "core/clip.h"

namespace pluvia {

bool is_known_formation(const std::string& formation);

/// Layers without which the formation cannot be checked.
LayerSet formation_layers(const std::string& formation);

/// Empty when the frame obeys; else what is wrong with how many pixels, and where the first one is.
std::string check_formation(const std::string& formation, const FrameLayers& frame, int height,
                            int width);

}  // namespace pluvia
