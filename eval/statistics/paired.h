// SPDX-License-Identifier: Apache-2.0
// Is one method better than another? Tests over paired scores, one pair a unit: a clip, whose
// frames are not independent, or a picture of a set of unrelated pictures.
//
//   paired t        Student (1908): assumes normal differences
//   Wilcoxon        signed ranks (1945); zeros are left out, ties get mean ranks; exact up to
//                   kExactRanks pairs, else normal with the variance corrected for ties
//   sign flips      Fisher's permutation test of the difference of the protocol's means: a flipped
//                   unit changes sides with its share (eval/statistics/share.h), which turns the
//                   sign of its difference where units weigh alike. Exact up to kExactFlips pairs,
//                   else kFlips random ones from a stated generator, p = (1 + hits) / (1 + flips).
//                   Flips that leave a side without a mean count as hits
//   Cohen's d_z     mean over standard deviation of the differences: how large, not how sure.
//                   Infinite where all differences are the same and not 0: no spread at all
//
// Only sign flips ask how a protocol weighs units; ranks and d_z are of units as they are.
// All p are two-sided. Differences closer than 1e-9 of the largest count as equal.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/statistics/share.h"

namespace pluvia {

inline constexpr int kExactRanks = 50;
inline constexpr int kExactFlips = 20;
inline constexpr int kFlips = 100'000;

struct PairedTest {
  int pairs = 0;
  double mean_difference = 0;
  double deviation = 0;  ///< of the differences, n - 1
  double t = 0;
  double t_p = 1;
  double wilcoxon_w = 0;  ///< the smaller of the two rank sums
  double wilcoxon_p = 1;
  double wilcoxon_p_normal = 1;
  bool wilcoxon_exact = true;
  double flip_p = 1;
  bool flip_exact = true;
  double cohen_dz = 0;  ///< 0 when all differences are 0; NaN for a single one that is not
};

/// a[i] and b[i] are scores of the same unit; equal lengths, at least 1, all finite. With one pair
/// nothing can be said: every p is 1.
PairedTest compare_paired(std::span<const double> a, std::span<const double> b,
                          std::uint64_t seed = 0);
/// The same without sign flips, which cost the most.
PairedTest compare_pairs(std::span<const double> a, std::span<const double> b);

struct FlipTest {
  double p = 1;
  bool exact = true;
};

/// Sign flips on the difference of the means of two methods' shares in the same units.
FlipTest flip_test(const Shares& a, const Shares& b, const MeanLaw& law, std::uint64_t seed);

/// Holm's step-down correction (1979) of p values of several comparisons: chance of any false
/// claim.
std::vector<double> holm(std::span<const double> p);

/// Two-sided tail of Student's t.
double student_p(double t, double degrees);

}  // namespace pluvia
