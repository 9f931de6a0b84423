// SPDX-License-Identifier: Apache-2.0
// Noise of the sensor: its words are Philox's of core/rng.h, its moments a normal distribution's.
#include "synth/effects/sensor_noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/rng.h"

namespace pluvia::synth {
namespace {

TEST(SensorNoise, WordsArePhilox) {
  const SensorNoise noise{1, 1, 0x123456789ABCULL, 7, 99};
  constexpr int kWidth = 70;  // three blocks of 32
  float row[3][32];
  unit_noise<32>(noise, kWidth, 5, 32, row);
  for (std::uint32_t x = 0; x < 16; ++x) {
    const Words4 w = Random{noise.seed, 7, 99, (5 * 3 + 1) * 16 + x}.words(0xC0330002);
    const std::uint32_t twenty[6] = {w.word[0],
                                     w.word[1],
                                     w.word[2],
                                     w.word[3],
                                     w.word[0] / 4194304 * 1024 + w.word[1] / 4194304,
                                     w.word[2] / 4194304 * 1024 + w.word[3] / 4194304};
    for (std::uint32_t i = 0; i < 6; ++i) {
      const std::uint32_t sum =
          twenty[i] % 32 + twenty[i] / 32 % 32 + twenty[i] / 1024 % 32 + twenty[i] / 32768 % 32;
      const std::uint32_t pixel = x + 16 * (i / 3);
      EXPECT_NEAR(row[i % 3][pixel], (sum - 62.0) / std::sqrt((32.0 * 32 - 1) / 3), 1e-5);
      float alone[3][1];
      unit_noise<1>(noise, kWidth, 5, static_cast<int>(32 + pixel), alone);
      EXPECT_EQ(alone[i % 3][0], row[i % 3][pixel]);
    }
  }
}

TEST(SensorNoise, GrainFollowsTheVariance) {
  const SensorNoise noise{0.002F, 0.004F, 0, 0, 0};
  for (const float change : {1e-5F, 0.001F, 0.013F, 0.02F, 0.3F, 1.0F}) {
    const double c = static_cast<double>(change);
    const double read = 0.004 * std::min(1.0, 50 * c);
    const double expected = std::sqrt(0.002 * c + read * read);
    EXPECT_NEAR(static_cast<double>(grain_size(change, noise)), expected, 0.002 * expected);
  }
  EXPECT_EQ(grain_size(0, noise), 0);
}

TEST(SensorNoise, MomentsAndIndependence) {
  const SensorNoise noise{1, 1, 5, 0, 3};
  double mean = 0, square = 0, fourth = 0, across = 0, along = 0, sharing = 0;
  constexpr int kRows = 4000;
  for (int i = 0; i < kRows; ++i) {
    float row[3][64];
    for (int half = 0; half < 2; ++half) {
      float part[3][32];
      unit_noise<32>(noise, 64, i, 32 * half, part);
      for (int c = 0; c < 3; ++c) std::copy(part[c], part[c] + 32, row[c] + 32 * half);
    }
    for (int x = 0; x < 64; ++x) {
      const auto v = static_cast<double>(row[0][x]);
      mean += v;
      square += v * v;
      fourth += v * v * v * v;
      across += v * static_cast<double>(row[1][x]);
      if (x > 0) along += v * static_cast<double>(row[0][x - 1]);
      if (x >= 16) sharing += v * static_cast<double>(row[0][x - 16]);
    }
  }
  const double n = 64.0 * kRows;
  EXPECT_NEAR(mean / n, 0, 0.01);
  EXPECT_NEAR(square / n, 1, 0.01);
  EXPECT_NEAR(fourth / n, 3 - 1.2 / 4, 0.05);  // of four uniform numbers
  EXPECT_NEAR(across / n, 0, 0.01);
  EXPECT_NEAR(along / n, 0, 0.01);
  EXPECT_NEAR(sharing / n, 0, 0.01);
}

}  // namespace
}  // namespace pluvia::synth
