// SPDX-License-Identifier: Apache-2.0
// The first of SSIM's two passes, along a row of two 8-bit pictures, exact: moments of the window
// in integers, handed on as doubles without a rounding.
//
// Filtered are four planes that fit 16 bits with a bit to spare for folding the symmetric window,
//   a - 128,  b - 128,  (a(a-255) + b(b-255)) / 2,  (a-128)(b-127),
// by taps that are whole numbers of about 30 bits, in two halves, so that products and sums stay
// below 2^31 (split_taps sees to it). In place of the last comes, by an identity between whole
// numbers below 2^53,
//   [(a-b)^2] = 2 (f2 - f3) + f0 - f1 + 32512.
// Equal pictures therefore have (a-b)^2 = 0 exactly, and every CPU gives the same bits.
//
// The only error of this pass is the taps' rounding: for the Gaussian of 11 taps and sigma 1.5 to
// multiples of 2^-30, where the outermost is one already, so that relative to a tap it is at most
// e = 7e-8 (the second), 1.3e-8 (the third) and less. A window's means and variances change by at
// most the share e of what lies under a tap; each of the map's two factors by no more than that. A
// sample lies once under every tap, so the mean of the map changes by less than
// 2 * 2 * (7e-8 + 1.3e-8 + ...) / 11 = 4e-8. Measured: see tests/eval/metrics/ssim_test.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/cpu.h"

namespace pluvia {

/// Samples that are filtered in one go: a multiple of 32 and of 3. Narrower strips read more of
/// their neighbours and fetch lines of the picture more often, wider ones outgrow the caches
/// (measured with AVX-512: 96 +10 %, 288 +-0).
constexpr int kMomentStrip = 192;

struct SplitTaps {
  std::array<std::int16_t, 6> high{};  ///< from the middle outwards; the rest is 0
  std::array<std::int16_t, 6> low{};
  int radius = 0;        ///< 3 or 5
  int low_bits = 0;      ///< a tap is high * 2^low_bits + low ...
  std::int64_t sum = 0;  ///< ... of this, the sum of all
};

/// Of a symmetric window of 7 or 11 taps.
SplitTaps split_taps(std::span<const double> taps);

/// Means over the window of a-128, b-128, half of a(a-255) + b(b-255), and (a-b)^2, times
/// SplitTaps::sum. The last is 0 to the bit where the pictures are equal. Eight more, so that rows
/// do not lie a half page apart: a CPU takes loads at such distances from a store for loads of what
/// it stores.
struct alignas(64) MomentRow {
  std::array<std::array<double, kMomentStrip + 8>, 4> maps;
};

class MomentFilter {
 public:
  /// Neighbours in a channel are `step` samples apart. `best`: of the bodies for levels of CPUs,
  /// the one to use where it runs; tests compare them.
  MomentFilter(const SplitTaps& taps, int step, CpuLevel best = CpuLevel::kV4);

  /// Takes the next row, of which `n` results are wanted; the first is centred at sample
  /// radius * step. `there` samples may be read, n + 2 radius * step at least.
  void take(const std::uint8_t* a, const std::uint8_t* b, int n, int there);
  /// The results of the oldest row that was taken and not filtered; there may be two of them. What
  /// lies behind the n-th is of no meaning but finite. Best taken one row ahead: loads that straddle
  /// what was stored just before have to wait for it.
  void filter(MomentRow& out);

 private:
  static constexpr int kRadius = 5;
  static constexpr int kHalo = kRadius * 3;
  static constexpr int kLanes = 32;
  static constexpr int whole_lanes(int n) { return (n + kLanes - 1) / kLanes * kLanes; }

  /// The four planes of a row, with what a window reaches on both sides.
  struct alignas(64) Planes {
    std::array<std::array<std::int16_t, kMomentStrip + 2 * kHalo + 2 * kLanes>, 4> of{};
    int n = 0;
  };

  SplitTaps taps_;
  int step_;
  CpuLevel level_;
  std::array<Planes, 2> rows_;
  unsigned taken_ = 0;
  unsigned filtered_ = 0;
};

}  // namespace pluvia
