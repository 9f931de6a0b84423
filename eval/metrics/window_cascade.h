// SPDX-License-Identifier: Apache-2.0
// A symmetric window of 7 or 11 taps as a chain of short ones. As a polynomial of z it is
//   taps[0] z^-r + ... + taps[r] + ... + taps[0] z^r = P(z + 1/z),
// and P, of degree 3 or 5, has real coefficients: one real root gives a window (1, a, 1), each pair
// of the others, real or not, one of five taps (1, b, c, b, 1). Filtering by all of them in turn
// takes one addition and one multiply-add for two taps, where the window itself takes two
// multiply-adds; many CPUs have units of their own for additions.
//
// For the Gaussian of 11 taps and sigma 1.5 all are positive: nothing cancels on the way.
#pragma once

#include <array>
#include <optional>
#include <span>

namespace pluvia {

struct WindowCascade {
  double first = 0;                              ///< a
  std::array<std::array<double, 2>, 2> pairs{};  ///< b and c; the second for 11 taps only
  double gain = 1;                               ///< what the chain gives for the window's 1
};

/// Nothing where the chain would be wrong by more than 1e-13 of the taps' sum, because the
/// roots are next to equal, or its gain above 1e24, because the outermost tap is next to nothing
/// (Gaussians of sigma below 0.48 with 11 taps, 0.29 with 7). The same bits on every CPU.
std::optional<WindowCascade> cascade_of(std::span<const double> taps);

}  // namespace pluvia
