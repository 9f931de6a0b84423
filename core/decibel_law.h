// SPDX-License-Identifier: Apache-2.0
// From a mean squared error to decibels: 10 log10(peak^2 / (MSE + offset)), at most `cap_db` where
// that is not 0. One place for it, since a mean of squared errors is pooled before the logarithm
// is taken: over the pixels of a frame, the frames of a run, the units of a resample.
#pragma once

#include <algorithm>
#include <cmath>

namespace pluvia {

struct DecibelLaw {
  double peak = 255;
  double offset = 0;  ///< in squared code values
  double cap_db = 0;  ///< 0: none

  double of(double mse) const {
    const double db = 10 * std::log10(peak * peak / (mse + offset));
    return cap_db > 0 ? std::min(db, cap_db) : db;
  }
};

}  // namespace pluvia
