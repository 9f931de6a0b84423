// SPDX-License-Identifier: Apache-2.0
// The exact relations between the layers of one rendered frame (docs/format.md, "Formation").
//
//   vrds      drop = gt wherever mask = 0;  lq = min(255, drop + streak) in every channel;
//             streak = 0 wherever mask = 255
//   physical  lq = drop + streak_rgb;       streak = max over channels of max(0, streak_rgb)
//
// Each rule is checked where the layers that it speaks of are there; without streak_rgb, which is
// optional, lq - drop stands for it.
#pragma once

#include <string>

#include "core/clip.h"

namespace pluvia {

bool is_known_formation(const std::string& formation);

/// Of the layers that a clip has, those that its formation has a rule for; empty: no rule.
LayerSet formation_layers(const std::string& formation, const LayerSet& there);

/// Empty when the frame obeys; else what is wrong with how many pixels, and where the first one is.
/// `frame` holds `formation_layers`.
std::string check_formation(const std::string& formation, const FrameLayers& frame, int height,
                            int width);

}  // namespace pluvia
