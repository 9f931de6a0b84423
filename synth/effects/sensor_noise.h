// SPDX-License-Identifier: Apache-2.0
// Noise of the sensor on what rain changed: the clean picture has its own. Variance is shot * change
// + read^2, read noise coming in over the first 2 % of change. The same numbers go to lq and drop.
//
// One draw of Philox a pixel serves its three channels: each is the sum of four uniform numbers of
// ten bits, near enough to normal below three standard deviations.
#pragma once

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

/// Standard deviation of the noise that a change of light brings.
PLUVIA_FUNCTION float grain_size(float change, const SensorNoise& noise) {
  const float share = change * 50;
  const float read = noise.read * (share < 1 ? share : 1.0F);
  return std::sqrt(noise.shot * change + read * read);
}

PLUVIA_FUNCTION std::uint32_t high_product(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>((std::uint64_t{a} * b) >> 32);
}

/// Of mean 0 and variance 1 for the channels of N pixels from `pixel` on. Philox as in
/// core/rng.h, a round of all pixels at a time, so that it vectorises.
template <int N>
PLUVIA_FUNCTION void unit_noise(const SensorNoise& noise, std::uint32_t pixel,
                                float out[3][N]) {
  constexpr std::uint32_t kDraw = 0xC0330001;
  constexpr std::uint32_t kTenBits = 0x3FF;
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53U;
  constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57U;
  std::uint32_t w0[N], w1[N], w2[N], w3[N];
  for (int x = 0; x < N; ++x) {
    w0[x] = kDraw;
    w1[x] = pixel + static_cast<std::uint32_t>(x);
    w2[x] = noise.frame;
    w3[x] = noise.clip;
  }
  auto key0 = static_cast<std::uint32_t>(noise.seed);
  auto key1 = static_cast<std::uint32_t>(noise.seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int x = 0; x < N; ++x) {
      const std::uint32_t high0 = high_product(kMultiplier0, w0[x]);
      const std::uint32_t high1 = high_product(kMultiplier1, w2[x]);
      const std::uint32_t low0 = kMultiplier0 * w0[x];
      const std::uint32_t low1 = kMultiplier1 * w2[x];
      w0[x] = high1 ^ w1[x] ^ key0;
      w2[x] = high0 ^ w3[x] ^ key1;
      w1[x] = low1;
      w3[x] = low0;
    }
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  const std::uint32_t* const own[3] = {w0, w1, w2};
  for (int c = 0; c < 3; ++c) {
    for (int x = 0; x < N; ++x) {
      const std::uint32_t w = own[c][x];
      const std::uint32_t sum = (w & kTenBits) + ((w >> 10) & kTenBits) + ((w >> 20) & kTenBits) +
                                ((w3[x] >> (10 * c)) & kTenBits);
      // Four numbers of variance (1024^2 - 1) / 12 around 1023 / 2.
      out[c][x] = (static_cast<float>(static_cast<std::int32_t>(sum)) - 2046) * 0.001691457F;
    }
  }
}

}  // namespace pluvia::synth
