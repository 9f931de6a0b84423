// SPDX-License-Identifier: Apache-2.0
// How sure the numbers of a comparison are: intervals of means, and every method against the
// reference: tested in every metric of whole frames; in regions the difference and its interval
// alone, which against the rainy input is what was gained inside and damaged outside. All
// resampling is seeded: a report made again is the same.
#pragma once

#include "eval/report/comparison.h"

namespace pluvia {

/// Fills `interval` of every method; where a mean is infinite or undefined it has none.
void add_intervals(Comparison& comparison);

/// Fills `against`. p of sign flips, and p of Wilcoxon, are each corrected together for all methods
/// and metrics (Holm).
void add_differences(Comparison& comparison);

}  // namespace pluvia
