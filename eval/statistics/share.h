// SPDX-License-Identifier: Apache-2.0
// What a unit brings into a printed mean. A unit is what is drawn again in a bootstrap and changes
// sides in a permutation: a clip, since its frames are not independent, or a picture of a set of
// unrelated pictures. A protocol's mean is the sum of the shares' sums over the sum of their
// counts, so that a resample of units has the very mean that is printed for all of them:
//
//   mean over units     sum: the unit's mean           count: 1
//   mean over frames    sum: of its frames' scores     count: frames
//   pooled MSE          sum: of its squared errors     count: frames, or pixels of a region;
//                       decibels are taken of the mean
//
// A unit that counts nowhere (left out by the rule for equal frames, a region without pixels) has
// count 0.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "core/decibel_law.h"

namespace pluvia {

struct Share {
  double sum = 0;
  double count = 0;

  Share& operator+=(const Share& other) {
    sum += other.sum;
    count += other.count;
    return *this;
  }
};

using Shares = std::vector<Share>;  ///< one a unit

/// How a mean of shares becomes a score: as it is, or in decibels.
using MeanLaw = std::optional<DecibelLaw>;

/// NaN where nothing counts.
inline double score_of(const Share& all, const MeanLaw& law) {
  if (!(all.count > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double mean = all.sum / all.count;
  return law ? law->of(mean) : mean;
}

/// One score of one method: its shares in every run (training seed), units in one order.
struct SharedScore {
  std::vector<Shares> runs;
  MeanLaw law;
};

}  // namespace pluvia
