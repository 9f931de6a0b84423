// SPDX-License-Identifier: Apache-2.0
// The drops on a pane in front of the lens at one moment, as lobes: caps with an irregular outline,
// which flow together where they touch (effects/glass_draw.h).
//
// The population is stationary and has no history: each of `drops` places on the pane has its own
// endless sequence of lives, and who lives there at time t is a function of (seed, clip, place, t).
// A drop arrives, spreads within 0.1 s, grows a little as it is fed, and stays pinned unless its
// foot is wider than the critical radius: then it waits and slides down by stick and slip. At the
// end of its life a small drop dries up, a larger one is swept off the pane. What slides leaves
// beads that shrink. Any frame can be made alone.
//
// Deviations: a place is not fed by its neighbours, so water is not conserved at merges; merging is
// of shape only. The pane is seen square on.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/effects/streaks.h"

namespace pluvia::synth {

struct GlassField {
  int drops = 0;
  double distance_m = 0.06;  ///< camera to pane
  double least_mm = 0.4;     ///< radius of the foot
  double most_mm = 2.5;
  double size_power = 1.6;  ///< how rare large ones are: radii follow r^-power
  double contact_deg = 50;
  double life_s = 8;
  double slide_mm = 1.9;  ///< wider ones slide; 0: none does
  double slide_mm_s = 30;
  bool trails = true;
  double stretch = 0.35;  ///< how much longer than wide large drops are, at most
};

/// One cap on the pane, in pixels.
struct Lobe {
  float x = 0;
  float y = 0;
  float radius_px = 1;
  float stretch = 1;      ///< height over width
  float outline[6] = {};  ///< cosine and sine of orders 2, 3, 4
  float sin_contact = 0;
  float cos_contact = 1;
};

struct GlassDrops {
  std::vector<Lobe> lobes;
  int count = 0;  ///< drops on the pane within the frame
};

GlassDrops glass_drops(const GlassField& field, const RainKey& key, const Camera& camera,
                       double time_s);

}  // namespace pluvia::synth
