// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/veil.h"

#include "core/exact_math.h"

namespace pluvia::synth {

Veil::Veil(const DropSizes& sizes, const VeilField& field) {
  const double of_all = sizes.extinction_per_m(kLargestDropMm);
  double tau = 0;
  double before_m = 0;
  transmission_[0] = 1;
  for (int i = 1; i <= kEntries; ++i) {
    const double root = static_cast<double>(i) / kEntries;
    const double z_m = kSkyM * root * root;
    const double middle_m = 0.5 * (z_m + before_m);
    const double unresolved_mm = field.min_width_px * middle_m / field.focal_px * 1e3;
    const double extinction =
        unresolved_mm < kLargestDropMm ? sizes.extinction_per_m(unresolved_mm) : of_all;
    const double beta = field.q_ext * extinction + field.mist_per_km * 1e-3;
    tau += beta * (z_m - before_m);
    transmission_[i] = static_cast<float>(exact::exp(-tau));
    before_m = z_m;
  }
}

std::vector<float> transmissions(const Veil& veil, const std::vector<float>& depths_m) {
  std::vector<float> out;
  out.reserve(depths_m.size());
  for (const float z : depths_m) out.push_back(veil.transmission(z));
  return out;
}

}  // namespace pluvia::synth
