// SPDX-License-Identifier: Apache-2.0
// What the simulation of a pane and the drawing of it share. Drops are drawn from lobes, in the
// order given: caps that flow together where they touch (effects/glass_surface.h).
#pragma once

namespace pluvia::synth {

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

}  // namespace pluvia::synth
