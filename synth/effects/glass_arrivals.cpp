// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/glass_arrivals.h"

#include <algorithm>

#include "core/exact_math.h"
#include "synth/fall_speed.h"

namespace pluvia::synth {

GlassArrivals::GlassArrivals(const GlassRain& rain, double least_mm) {
  if (!(rain.rate_mm_h > 0)) return;
  const DropSizes sizes(rain.rate_mm_h, rain.gamma_mu);
  const exact::SinCos tilt = exact::sin_cos_turns(rain.tilt_deg / 360);
  const auto flux = [&](double d) {
    const double normal = fall_speed_m_s(d) * tilt.cos + rain.speed_m_s * tilt.sin;
    return sizes.density(d) * std::max(0.0, normal);
  };
  constexpr int kBins = 400;
  const double low = std::clamp(least_mm, kSmallestDropMm, kLargestDropMm / 1.01);
  const double width = (kLargestDropMm - low) / kBins;
  double sum = 0;
  edges_mm_.push_back(low);
  cumulative_.push_back(0);
  for (int i = 0; i < kBins; ++i) {
    const double from = low + i * width;
    // Simpson's rule within the bin.
    sum += width / 6 * (flux(from) + 4 * flux(from + width / 2) + flux(from + width));
    edges_mm_.push_back(from + width);
    cumulative_.push_back(sum);
  }
}

double GlassArrivals::draw_mm(double uniform) const {
  const double wanted = uniform * per_m2_s();
  const auto above = std::upper_bound(cumulative_.begin() + 1, cumulative_.end() - 1, wanted);
  const auto i = static_cast<std::size_t>(above - cumulative_.begin());
  const double span = cumulative_[i] - cumulative_[i - 1];
  const double share = span > 0 ? (wanted - cumulative_[i - 1]) / span : 0;
  return edges_mm_[i - 1] + share * (edges_mm_[i] - edges_mm_[i - 1]);
}

}  // namespace pluvia::synth
