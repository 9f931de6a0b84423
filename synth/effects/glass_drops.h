// SPDX-License-Identifier: Apache-2.0
// The drops on a pane in front of the lens at one moment, as lobes: caps with an irregular outline,
// which flow together where they touch (effects/glass_draw.h).
//
// A pane is simulated (effects/glass_simulation.h) at 120 Hz from two seconds before the clip's
// start; checkpoints are kept, so that frames may be asked for in any order and from any thread,
// and are the same as when asked for in turn. Between two steps drops move on by their velocity,
// which is what the next step does to them.
//
// Times before the start show the start. Every two minutes the pane is wiped and starts afresh,
// which bounds the work for a time far away.
//
// Deviations: the camera sees the pane square on, whatever its tilt; a camera that zooms within a
// clip sees another pane for every focal length.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "synth/camera.h"
#include "synth/effects/glass_lobe.h"
#include "synth/effects/glass_simulation.h"
#include "synth/effects/streaks.h"

namespace pluvia::synth {

struct GlassDrops {
  std::vector<Lobe> lobes;
  int count = 0;  ///< drops on the pane within the frame
};

/// The pane of one clip. Copies share what they have simulated.
class GlassPane {
 public:
  GlassPane(const GlassField& field, const RainKey& key);

  /// Safe to call from several threads.
  GlassDrops at(const Camera& camera, double time_s) const;

 private:
  class Store;

  std::shared_ptr<Store> store_;
};

}  // namespace pluvia::synth
