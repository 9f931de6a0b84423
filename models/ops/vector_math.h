// SPDX-License-Identifier: Apache-2.0
// 2^x, softplus, logistic and SiLU without branches or calls, so that loops over lanes vectorise at
// every CPU level. Relative error of 2^x: float below 2e-7, double below 1e-15; its argument is
// clamped to the normal range, NaN stays NaN.
//
// Unlike core/exact_float.h these may contract to fma (see models/CMakeLists.txt): a network's
// matrix products come from LibTorch and differ between CPUs in the last place anyway.
#pragma once

#include <bit>
#include <cstdint>

#include "core/backend.h"

namespace pluvia::ops {

inline constexpr double kLog2e = 1.4426950408889634074;
/// Above it softplus is the identity, as in PyTorch and in the reference's kernels.
inline constexpr int kSoftplusLimit = 20;

/// 2^x = 2^n 2^f with |f| <= 1/2; the polynomial of least relative error with p(0) = 1.
PLUVIA_FUNCTION float exp2_of(float x) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: its unit in the last place is 1
  x = x < -126.0F ? -126.0F : x;
  x = x > 127.0F ? 127.0F : x;
  const float shifted = x + kRounder;
  const float f = x - (shifted - kRounder);
  const float p =
      1.0F + f * (0.69314698F +
                  f * (0.24022242F + f * (0.055507338F + f * (0.0096715131F + f * 0.001326472F))));
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) +
                              (std::bit_cast<std::uint32_t>(shifted) << 23));
}

/// The Taylor series of e^(f ln 2) to degree 13, whose remainder is below 5e-18.
PLUVIA_FUNCTION double exp2_of(double x) {
  constexpr double kRounder = 6755399441055744.0;  // 1.5 * 2^52
  x = x < -1022.0 ? -1022.0 : x;
  x = x > 1023.0 ? 1023.0 : x;
  const double shifted = x + kRounder;
  const double r = (x - (shifted - kRounder)) * 0.69314718055994530942;
  constexpr double kInverseFactorials[] = {1.0,
                                           1.0,
                                           1.0 / 2,
                                           1.0 / 6,
                                           1.0 / 24,
                                           1.0 / 120,
                                           1.0 / 720,
                                           1.0 / 5040,
                                           1.0 / 40320,
                                           1.0 / 362880,
                                           1.0 / 3628800,
                                           1.0 / 39916800,
                                           1.0 / 479001600,
                                           1.0 / 6227020800};
  double p = kInverseFactorials[13];
  for (int k = 12; k >= 0; --k) p = p * r + kInverseFactorials[k];
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) +
                               (std::bit_cast<std::uint64_t>(shifted) << 52));
}

/// 2^(size * rate) for a size of 0 or more and a rate of 0 or less whose product is above -2^21;
/// what is below 2^-126 comes out as about that. With fma the product is not rounded before its
/// whole part is taken off. Five polynomial terms aside it is seven operations, most of them not on
/// the multiplier: a scan calls this for every state.
PLUVIA_FUNCTION float decay_of(float size, float rate) {
  constexpr float kRounder = 12582912.0F;
  const float shifted = size * rate + kRounder;
  const float f = size * rate - (shifted - kRounder);
  const float p =
      1.0F + f * (0.69314698F +
                  f * (0.24022242F + f * (0.055507338F + f * (0.0096715131F + f * 0.001326472F))));
  // Positive numbers are ordered as their bits are.
  constexpr auto kLeast = std::bit_cast<std::int32_t>(kRounder - 126.0F);
  const auto whole = std::bit_cast<std::int32_t>(shifted);
  const auto exponent = static_cast<std::uint32_t>(whole > kLeast ? whole : kLeast);
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(p) + (exponent << 23));
}

PLUVIA_FUNCTION double decay_of(double size, double rate) { return exp2_of(size * rate); }

/// The largest size for which decay_of() is right at the steepest of a channel's rates. Beyond it
/// every decay at such a rate is nothing anyway.
template <typename T>
PLUVIA_FUNCTION T largest_size(T steepest) {
  return static_cast<T>(0x1p20) / (-steepest > T{1} ? -steepest : T{1});
}

template <typename T>
PLUVIA_FUNCTION T exp_of(T x) {
  return exp2_of(x * static_cast<T>(kLog2e));
}

/// ln(1 + t) for t in [0, 1] as 2 artanh(s), s = t / (2 + t) <= 1/3.
PLUVIA_FUNCTION float log1p_of_unit(float t) {
  const float s = t / (2.0F + t);
  const float z = s * s;
  const float q = 0.33333208F + z * (0.20010763F + z * (0.14000909F + z * 0.14005965F));
  return 2.0F * (s + s * z * q);
}

PLUVIA_FUNCTION double log1p_of_unit(double t) {
  const double s = t / (2.0 + t);
  const double z = s * s;
  double q = 0;  // sum of z^k / (2k + 3); (1/9)^17 / 37 is below 2e-18
  for (int k = 16; k >= 0; --k) q = q * z + 1.0 / (2 * k + 3);
  return 2.0 * (s + s * z * q);
}

/// e^-x for x >= 0.
template <typename T>
PLUVIA_FUNCTION T exp_of_minus(T x) {
  return decay_of(x, static_cast<T>(-kLog2e));
}

// Both begin with e^-|x|. A loop over lanes that makes it first and the rest in a second loop is
// twice as fast as one that calls softplus(): more of its long chains are under way at a time.
template <typename T>
PLUVIA_FUNCTION T exp_of_minus_size(T x) {
  return exp_of_minus(x < 0 ? -x : x);
}
template <typename T>
PLUVIA_FUNCTION T softplus_from(T x, T e) {
  const T soft = (x > 0 ? x : T{0}) + log1p_of_unit(e);
  return x > T{kSoftplusLimit} ? x : soft;
}
template <typename T>
PLUVIA_FUNCTION T logistic_from(T x, T e) {
  return (x < 0 ? e : T{1}) / (T{1} + e);
}

template <typename T>
PLUVIA_FUNCTION T softplus(T x) {
  return softplus_from(x, exp_of_minus_size(x));
}

/// 1 / (1 + e^-x)
template <typename T>
PLUVIA_FUNCTION T logistic(T x) {
  return logistic_from(x, exp_of_minus_size(x));
}

template <typename T>
PLUVIA_FUNCTION T silu(T x) {
  return x * logistic(x);
}

/// d silu / dx, given s = logistic(x).
template <typename T>
PLUVIA_FUNCTION T silu_slope(T x, T s) {
  return s * (T{1} + x * (T{1} - s));
}

}  // namespace pluvia::ops
