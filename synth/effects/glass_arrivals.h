// SPDX-License-Identifier: Apache-2.0
// Rain that hits a pane: how many drops per second and square metre, and how large. A pane that
// leans by `tilt` from the horizontal and moves forward at speed U meets drops of diameter D at the
// normal velocity v(D) cos tilt + U sin tilt; their number is N(D) of synth/drop_sizes.h, whose
// flux is the rate that was asked for.
#pragma once

#include <vector>

#include "synth/drop_sizes.h"

namespace pluvia::synth {

struct GlassRain {
  double rate_mm_h = 0;
  double gamma_mu = 0;
  double tilt_deg = 90;
  double speed_m_s = 0;
};

class GlassArrivals {
 public:
  /// Of drops from `least_mm` of diameter on.
  GlassArrivals(const GlassRain& rain, double least_mm);

  double per_m2_s() const { return cumulative_.empty() ? 0 : cumulative_.back(); }
  /// Diameter in mm, from a uniform number in (0, 1).
  double draw_mm(double uniform) const;

 private:
  std::vector<double> edges_mm_;
  std::vector<double> cumulative_;  ///< up to the edge
};

}  // namespace pluvia::synth
