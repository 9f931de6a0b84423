// SPDX-License-Identifier: Apache-2.0
// How sure is a mean? Percentile bootstrap (Efron 1979) over units (eval/statistics/share.h), and
// over units and training seeds together where there are several: both are drawn with replacement,
// independently, as the crossed design asks. Of every resample the protocol's own mean is taken, so
// that the interval belongs to the mean that is printed: a clip of 40 frames that is drawn weighs
// 40 where frames weigh alike. Percentiles are interpolated linearly, as numpy's are.
//
// A difference of two methods is drawn with the same units for both, and seeds for each of its own.
// A resample in which nothing counts has no mean and is left out; a mean of which every resample is
// such, or infinite, has no interval.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "eval/statistics/share.h"

namespace pluvia {

struct Interval {
  double low = 0;
  double high = 0;
  double standard_error = 0;  ///< standard deviation of the resampled means, n - 1
};

/// draw(n) gives an index below n; called once for each unit of a resample, in order.
using DrawIndex = std::function<std::uint32_t(std::uint32_t n)>;

inline constexpr int kResamples = 10'000;

/// A score, or its difference to another method's of the same units.
struct Contrast {
  const SharedScore* score;
  const SharedScore* minus = nullptr;
};

/// 95 % intervals, all from the same resamples. All scores are of the same units, at least one, all
/// `score`s of one number of runs and all `minus`es of one. Nothing where a mean has no interval.
std::vector<std::optional<Interval>> bootstrap_contrasts(std::span<const Contrast> contrasts,
                                                         std::uint64_t seed);

/// Interval of the plain mean of `values` that holds `confidence` of the resampled means.
Interval bootstrap_mean(std::span<const double> values, int resamples, double confidence,
                        const DrawIndex& draw);

/// Of the plain mean of scores[seed][clip], all rows of one length.
Interval bootstrap_crossed(const std::vector<std::vector<double>>& scores, std::uint64_t seed);

/// The q-quantile (0 to 1) of values, interpolated linearly between order statistics.
double quantile(std::vector<double> values, double q);

}  // namespace pluvia
