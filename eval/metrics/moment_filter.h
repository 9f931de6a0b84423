// SPDX-License-Identifier: Apache-2.0
// The first of SSIM's two passes, along a row of two 8-bit pictures, exact: moments of the window
// in integers, handed on as doubles without a rounding.
//
// Filtered are four planes that fit 16 bits with a bit to spare for folding the symmetric window,
//   s = a + b - 255,  d = a - b,  (s^2 + d^2 - 1) / 4,  (s^2 - d^2 + 2 d - 1) / 4 = (a-128)(b-127),
// by taps that are whole numbers of about 30 bits, in two halves, so that products and sums stay
// below 2^31 (split_taps.h) and the whole below 2^53. Every CPU gives the same bits. Where the
// pictures are equal the last two are, so that a covariance is a variance to the last bit. The
// third is the fourth + d (d - 1) / 2.
//
// The only error of this pass is the taps' rounding, relative to each e_k; for the Gaussian of 11
// taps and sigma 1.5 the six together are 7e-9. The map's two factors are quotients of sums over
// the window whose parts' quotients lie between -1 and 1 (the constants' is 1). Where the part of
// two taps is the share s of the denominator, 1 + e times it moves the quotient by e s |q_part -
// q_all| <= 2 s (1 - s) e <= e/2; the means' factor moves as much at most. So no window's score
// moves by more than the sum of the |e_k| (what moves with the mean inside a variance is of second
// order). The second pass may be wrong by 1e-13 of planes up to 2^14 (window_cascade.h), which
// times 4 beside 2 c2, 1.8 at a range of 32, is below 1e-8. Measured: see tests/eval/metrics/.
#pragma once

#include <cstdint>

#include "eval/metrics/moment_bodies.h"
#include "eval/metrics/moment_tile.h"
#include "eval/metrics/split_taps.h"

namespace pluvia {

/// Of one strip of columns, a block of rows at a time.
class MomentFilter {
 public:
  /// Neighbours in a channel are `step` samples apart, 1 or 3. `best`: none after it is used; tests
  /// compare them.
  MomentFilter(const SplitTaps& taps, int step, MomentBody best = MomentBody::kVnni);

  /// Takes a row of the block, of which `n` results are wanted; the first is centred at sample
  /// radius * step. `there` samples may be read, n + 2 radius * step at least.
  void take(int row, const std::uint8_t* a, const std::uint8_t* b, int n, int there);
  /// The results from `column` on of all rows. What lies behind a row's n-th, and in rows that were
  /// not taken, is of no meaning but finite.
  void filter(int column, MomentTile& out) const;

 private:
  int reach() const { return step_ * taps_.radius; }

  SplitTaps taps_;
  int step_;
  MomentBody body_;
  MomentPlanes planes_;
};

}  // namespace pluvia
