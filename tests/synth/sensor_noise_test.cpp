// SPDX-License-Identifier: Apache-2.0
// Noise of the sensor: its words are Philox's of core/rng.h, its moments a normal distribution's.
#include "synth/effects/sensor_noise.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/rng.h"

namespace pluvia::synth {
namespace {

TEST(SensorNoise, WordsArePhilox) {
  const SensorNoise noise{1, 1, 0x123456789ABCULL, 7, 99};
  float row[3][16];
  unit_noise<16>(noise, 1000, row);
  for (std::uint32_t x = 0; x < 16; ++x) {
    const Words4 w = Random{noise.seed, 7, 99, 1000 + x}.words(0xC0330001);
    for (std::uint32_t c = 0; c < 3; ++c) {
      const std::uint32_t own = w.word[c];
      const std::uint32_t sum = own % 1024 + own / 1024 % 1024 + own / 1048576 % 1024 +
                                (w.word[3] >> (10 * c)) % 1024;
      EXPECT_NEAR(row[c][x], (sum - 2046.0) / std::sqrt((1024.0 * 1024 - 1) / 3), 1e-5);
    }
  }
}

TEST(SensorNoise, MomentsAndIndependence) {
  const SensorNoise noise{1, 1, 5, 0, 3};
  double mean = 0, square = 0, fourth = 0, across = 0, along = 0;
  constexpr int kRows = 4000;
  for (int i = 0; i < kRows; ++i) {
    float row[3][64];
    unit_noise<64>(noise, static_cast<std::uint32_t>(64 * i), row);
    for (int x = 0; x < 64; ++x) {
      const auto v = static_cast<double>(row[0][x]);
      mean += v;
      square += v * v;
      fourth += v * v * v * v;
      across += v * static_cast<double>(row[1][x]);
      if (x > 0) along += v * static_cast<double>(row[0][x - 1]);
    }
  }
  const double n = 64.0 * kRows;
  EXPECT_NEAR(mean / n, 0, 0.01);
  EXPECT_NEAR(square / n, 1, 0.01);
  EXPECT_NEAR(fourth / n, 3 - 1.2 / 4, 0.05);  // of four uniform numbers
  EXPECT_NEAR(across / n, 0, 0.01);
  EXPECT_NEAR(along / n, 0, 0.01);
}

}  // namespace
}  // namespace pluvia::synth
