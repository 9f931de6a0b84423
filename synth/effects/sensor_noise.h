// SPDX-License-Identifier: Apache-2.0
// Noise of the sensor on what rain changed: the clean picture has its own. Variance is shot *
// change
// + read^2, read noise coming in over the first 2 % of change. The same numbers go to lq and drop.
//
// One draw of Philox serves the three channels of two pixels, which are 16 apart: each number is
// the sum of four uniform ones of five bits, near enough to normal below three standard deviations,
// in steps of a twentieth of one.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "core/backend.h"

namespace pluvia::synth {

struct SensorNoise {
  float shot = 0;  ///< variance per unit of changed light
  float read = 0;  ///< standard deviation where much has changed
  std::uint64_t seed = 0;
  std::uint32_t clip = 0;
  std::uint32_t frame = 0;

  PLUVIA_MEMBER bool any() const { return shot > 0 || read > 0; }
};

/// Standard deviation of the noise that a change of light brings, within 0.2 %: the square root by
/// the exponent's bits and one step of Newton's.
PLUVIA_FUNCTION float grain_size(float change, const SensorNoise& noise) {
  constexpr std::int32_t kHalf = 0x5F375A86;
  const float share = change * 50;
  const float read = noise.read * (share < 1 ? share : 1.0F);
  const float variance = noise.shot * change + read * read;
  const float y = std::bit_cast<float>(kHalf - (std::bit_cast<std::int32_t>(variance) >> 1));
  return variance * y * (1.5F - 0.5F * variance * (y * y));
}

PLUVIA_FUNCTION std::uint32_t high_product(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((std::uint64_t{a} * b) >> 32);
}

/// Sum of four fields of five bits, from the lowest on.
PLUVIA_FUNCTION std::uint32_t sum_of_fields(std::uint32_t w) {
  const std::uint32_t pairs = (w & 0x7C1FU) + ((w >> 5) & 0x7C1FU);
  return (pairs & 0x3FFU) + (pairs >> 10);
}

namespace noise_law {

inline constexpr int kApart = 16;  ///< pixels of one draw

/// Philox as in core/rng.h, a round of N draws at a time, so that it vectorises. They are those of
/// `first` and the following ones.
template <int N>
PLUVIA_FUNCTION void philox(const SensorNoise& noise, std::uint32_t first, std::uint32_t w[4][N]) {
  constexpr std::uint32_t kDraw = 0xC0330002;
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53U;
  constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57U;
  for (int x = 0; x < N; ++x) {
    w[0][x] = kDraw;
    w[1][x] = first + static_cast<std::uint32_t>(x);
    w[2][x] = noise.frame;
    w[3][x] = noise.clip;
  }
  auto key0 = static_cast<std::uint32_t>(noise.seed);
  auto key1 = static_cast<std::uint32_t>(noise.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int x = 0; x < N; ++x) {
      const std::uint32_t high0 = high_product(kMultiplier0, w[0][x]);
      const std::uint32_t high1 = high_product(kMultiplier1, w[2][x]);
      const std::uint32_t low0 = kMultiplier0 * w[0][x];
      const std::uint32_t low1 = kMultiplier1 * w[2][x];
      w[0][x] = high1 ^ w[1][x] ^ key0;
      w[2][x] = high0 ^ w[3][x] ^ key1;
      w[1][x] = low1;
      w[3][x] = low0;
    }
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
}

/// Of mean 0 and variance 1, from a sum of four numbers of variance (32^2 - 1) / 12 around 31 / 2.
PLUVIA_FUNCTION float unit_of(std::uint32_t sum) {
  return (static_cast<float>(static_cast<std::int32_t>(sum)) - 62) * 0.054153018F;
}

}  // namespace noise_law

/// Of mean 0 and variance 1 for the channels of N pixels from column x0 of row y on; N is 1, or 32
/// and x0 a multiple of it. `width` is the picture's.
template <int N>
PLUVIA_FUNCTION void unit_noise(const SensorNoise& noise, int width, int y, int x0,
                                float out[3][N]) {
  constexpr int kApart = noise_law::kApart;
  constexpr int kDraws = N == 1 ? 1 : kApart;
  constexpr int kStretch = 2 * kApart;
  static_assert(N == 1 || N == kStretch);
  const int blocks = (width + kStretch - 1) / kStretch;
  const int lane = x0 % kStretch;
  const int first = (y * blocks + x0 / kStretch) * kApart + lane % kApart;
  std::uint32_t w[4][kDraws];
  noise_law::philox<kDraws>(noise, static_cast<std::uint32_t>(first), w);
  // Six sums of twenty bits: the low ones of each word, and what is left of two at a time.
  std::uint32_t sums[6][kDraws];
  for (int x = 0; x < kDraws; ++x) {
    for (int i = 0; i < 4; ++i) sums[i][x] = sum_of_fields(w[i][x]);
    sums[4][x] = sum_of_fields(((w[0][x] >> 22) << 10) | (w[1][x] >> 22));
    sums[5][x] = sum_of_fields(((w[2][x] >> 22) << 10) | (w[3][x] >> 22));
  }
  for (int c = 0; c < 3; ++c) {
    if constexpr (N == 1) {
      out[c][0] = noise_law::unit_of(sums[lane < kApart ? c : 3 + c][0]);
    } else {
      for (int x = 0; x < kApart; ++x) out[c][x] = noise_law::unit_of(sums[c][x]);
      for (int x = 0; x < kApart; ++x) out[c][kApart + x] = noise_law::unit_of(sums[3 + c][x]);
    }
  }
}

}  // namespace pluvia::synth
