// SPDX-License-Identifier: Apache-2.0
// How sure is a mean? Percentile bootstrap (Efron 1979) over clips, and over clips and training
// seeds together where there are several: both are drawn with replacement, independently, as the
// crossed design asks. Percentiles are interpolated linearly, as numpy's are.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace pluvia {

struct Interval {
  double low = 0;
  double high = 0;
  double standard_error = 0;  ///< standard deviation of the resampled means, n - 1
};

/// draw(n) gives an index below n; called n times a resample, in order.
using DrawIndex = std::function<std::uint32_t(std::uint32_t n)>;

inline constexpr int kResamples = 10'000;

/// Interval of the mean of `values` that holds `confidence` of the resampled means.
Interval bootstrap_mean(std::span<const double> values, int resamples, double confidence,
                        const DrawIndex& draw);
/// With the project's own generator.
Interval bootstrap_mean(std::span<const double> values, std::uint64_t seed);

/// scores[seed][clip], all rows of one length.
Interval bootstrap_crossed(const std::vector<std::vector<double>>& scores, std::uint64_t seed);

/// The q-quantile (0 to 1) of values, interpolated linearly between order statistics.
double quantile(std::vector<double> values, double q);

}  // namespace pluvia
