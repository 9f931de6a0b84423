// SPDX-License-Identifier: Apache-2.0
// Is one method better than another? Tests over paired scores, one pair a clip: frames of a clip
// are not independent, so a clip counts once.
//
//   paired t        Student (1908): assumes normal differences
//   Wilcoxon        signed ranks (1945); zeros are left out, ties get mean ranks; exact up to
//                   kExactRanks pairs, else normal with the variance corrected for ties
//   sign flips      Fisher's permutation test of the mean: exact up to kExactFlips pairs, else
//                   kFlips random ones from a stated generator, p = (1 + hits) / (1 + flips)
//   Cohen's d_z     mean over standard deviation of the differences: how large, not how sure
//
// All p are two-sided. Differences closer than 1e-9 of the largest count as equal.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

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
  double cohen_dz = 0;  ///< 0 when all differences are equal
};

/// a[i] and b[i] are scores of the same clip; equal lengths, at least 1, all finite. With one pair
/// nothing can be said: every p is 1.
PairedTest compare_paired(std::span<const double> a, std::span<const double> b,
                          std::uint64_t seed = 0);

/// Holm's step-down correction (1979) of p values of several comparisons: chance of any false
/// claim.
std::vector<double> holm(std::span<const double> p);

/// Two-sided tail of Student's t.
double student_p(double t, double degrees);

}  // namespace pluvia
