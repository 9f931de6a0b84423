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
#include "core/rng.h"

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

/// Of mean 0 and variance 1 for a pixel's channels.
PLUVIA_FUNCTION void unit_noise(const SensorNoise& noise, std::uint32_t pixel, float out[3]) {
  constexpr std::uint32_t kDraw = 0xC0330001;
  constexpr std::uint32_t kTenBits = 0x3FF;
  const Random random{noise.seed, noise.clip, noise.frame, pixel};
  const Words4 w = random.words(kDraw);
  for (int c = 0; c < 3; ++c) {
    const std::uint32_t own = w.word[c];
    const std::uint32_t sum = (own & kTenBits) + ((own >> 10) & kTenBits) +
                              ((own >> 20) & kTenBits) + ((w.word[3] >> (10 * c)) & kTenBits);
    // Four numbers of variance (1024^2 - 1) / 12 around 1023 / 2.
    out[c] = (static_cast<float>(static_cast<std::int32_t>(sum)) - 2046) * 0.001691457F;
  }
}

}  // namespace pluvia::synth
