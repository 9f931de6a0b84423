// SPDX-License-Identifier: Apache-2.0
// The first of SSIM's two passes, along a row of two 8-bit pictures, exact: moments of the window
// in integers, handed on as doubles without a rounding.
//
// Filtered are four planes that fit 16 bits with a bit to spare for folding the symmetric window,
//   a - 128,  b - 128,  (a(a-255) + b(b-255)) / 2 + 16256,  (a-128)(b-127),
// by taps that are whole numbers of about 30 bits, in two halves, so that products and sums stay
// below 2^31 (split_taps sees to it) and the whole below 2^53. Every CPU gives the same bits. Where
// the pictures are equal the last two are, so that a covariance is a variance to the last bit. With
// x = a - 128 and y = b - 128 they are (x^2 + y^2 + x + y) / 2 and x y + x.
//
// The only error of this pass is the taps' rounding: for the Gaussian of 11 taps and sigma 1.5 to
// multiples of 2^-30, where the outermost is one already; relative to a tap it is e = 5.2e-8 at
// most (four from the middle), for all six distances together 6e-8. The map's two factors are
// quotients of sums over the window whose parts' quotients lie between -1 and 1 (the constants' is
// 1). Where the part of two taps is the share s of the denominator, 1 + e times it moves the
// quotient by e s |q_part - q_all| <= 2 s (1 - s) e <= e/2; the same holds for the means' factor, a
// function of their ratio. So no window's score moves by more than 6e-8 (what moves with the mean
// inside a variance is of second order). Measured: see tests/eval/metrics/.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace pluvia {

/// Samples whose planes are made in one go: a multiple of kMomentColumns and of 3. Narrower strips
/// read more of their neighbours, wider ones outgrow the caches.
constexpr int kMomentStrip = 192;
/// What is filtered in one go: 4 planes of doubles, 30 kB, which the first-level cache keeps.
constexpr int kMomentColumns = 32;
constexpr int kMomentRows = 24;

struct SplitTaps {
  std::array<std::int16_t, 6> high{};  ///< from the middle outwards; the rest is 0
  std::array<std::int16_t, 6> low{};
  int radius = 0;        ///< 3 or 5
  int low_bits = 0;      ///< a tap is high * 2^low_bits + low ...
  std::int64_t sum = 0;  ///< ... of this, the sum of all
};

/// Of a symmetric window of 7 or 11 taps.
SplitTaps split_taps(std::span<const double> taps);

/// Where in a row of a tile a column's sum lies: in pairs, 0, 8, 16, 24, 2, 10, ..., as unpacking
/// in wide registers leaves them.
constexpr int moment_place(int column) { return column / 2 % 4 * 8 + column / 8 * 2 + column % 2; }

/// The four planes' sums over the window, SplitTaps::sum times their means. Rows lie not a power of
/// two apart: a CPU takes loads at such distances from a store for loads of what it stores.
struct alignas(64) MomentTile {
  static constexpr int kPitch = kMomentColumns + 8;
  std::array<std::array<std::array<double, kPitch>, kMomentRows>, 4> sums{};
};

/// What the filter is written for. The first runs everywhere.
enum class MomentBody : std::uint8_t { kPlain, kAvx2, kAvx512, kVnni };

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

  static constexpr int kFront = 32;  ///< what a narrow window's taps of 0 reach, and aligned
  static constexpr int kLanes = 32;
  static constexpr int kPitch = kFront + kMomentStrip + 2 * kLanes;

 private:
  int reach() const { return step_ * taps_.radius; }
  static constexpr int whole_lanes(int n) { return (n + kLanes - 1) / kLanes * kLanes; }

  SplitTaps taps_;
  int step_;
  MomentBody body_;
  alignas(64) std::array<std::array<std::array<std::int16_t, kPitch>, kMomentRows>, 4> planes_{};
};

}  // namespace pluvia
