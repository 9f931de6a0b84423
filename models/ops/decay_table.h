// SPDX-License-Identifier: Apache-2.0
// decay_of() (models/ops/vector_math.h) for sixteen lanes at once, with less work for the
// multipliers: 2^t = 2^n 2^(k/32) 2^f with |f| <= 1/64. The 32 powers in the middle lie in two
// registers, from which AVX-512 permutes them, so two polynomial terms do for five. Elsewhere such
// a permutation would be sixteen loads.
//
// Relative error, with fused multiply-adds, below 2.7e-7; of 1 - 2^t near t = 0 it is 1.1e-5 or the
// rounding of 2^t, whichever is more.
#pragma once

#include "core/for_each.h"

#ifdef PLUVIA_HAS_LEVELS
#define PLUVIA_HAS_DECAY_TABLE 1

#include <bit>
#include <cmath>
#include <cstdint>

namespace pluvia::ops {

typedef float Lanes16 __attribute__((vector_size(64), aligned(4), may_alias));

inline const Lanes16& lanes16_at(const float* from) {
  return *reinterpret_cast<const Lanes16*>(from);
}
inline Lanes16& lanes16_at(float* to) { return *reinterpret_cast<Lanes16*>(to); }

class DecayTable {
 public:
  /// Of 2^(k/32), less what adding the shifted number brings along besides its whole part.
  DecayTable() {
    for (int k = 0; k < 32; ++k) {
      const auto bits = std::bit_cast<std::uint32_t>(std::exp2f(static_cast<float>(k) / 32));
      const auto entry = std::bit_cast<float>(bits - (static_cast<std::uint32_t>(k) << kShift));
      (k < 16 ? low_ : high_)[k % 16] = entry;
    }
  }

  /// `to` = 2^(size rate), under the conditions of decay_of().
  void decay(const Lanes16& size, const Lanes16& rate, Lanes16& to) const {
    constexpr float kRounder = 393216.0F;  // 1.5 * 2^18: its unit in the last place is 1/32
    constexpr auto kLeast = std::bit_cast<std::int32_t>(kRounder - 126.0F);
    const Lanes16 shifted = size * rate + kRounder;
    const Lanes16 f = size * rate - (shifted - kRounder);
    // The error of the series' two terms and its slope at 0 are balanced: see above.
    const Lanes16 p = 1.0F + f * (0.69315396F + f * 0.24022651F);
    const Whole bits = reinterpret_cast<Whole>(shifted);
    const Whole whole = bits > kLeast ? bits : Whole{} + kLeast;
    const Lanes16 entry = __builtin_shuffle(low_, high_, whole);
    to = p * reinterpret_cast<Lanes16>(reinterpret_cast<Whole>(entry) + (whole << kShift));
  }

 private:
  typedef std::int32_t Whole __attribute__((vector_size(64)));
  static constexpr int kShift = 18;  ///< from the whole part's lowest place to the exponent's

  Lanes16 low_, high_;
};

}  // namespace pluvia::ops
#endif
