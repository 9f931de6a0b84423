// SPDX-License-Identifier: Apache-2.0
// Making and reading the noise textures.
#include "synth/scenes/noise.h"

#include <bit>
#include <cstddef>
#include <utility>

namespace pluvia::synth::scenes {
namespace {

constexpr int kSize = NoiseMap::kSize;

std::size_t index(int x, int y, int size) {
  return static_cast<std::size_t>(y) * static_cast<std::size_t>(size) + static_cast<std::size_t>(x);
}

std::vector<float> white_values(std::uint32_t seed) {
  std::vector<float> values(index(0, kSize, kSize));
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      values[index(x, y, kSize)] =
          static_cast<float>(cell_hash(x, y, seed) >> 8) * (1.0F / (1 << 24));
    }
  }
  return values;
}

void add_octave(std::vector<float>& values, int cells, float amplitude, std::uint32_t seed) {
  const int step = kSize / cells;
  const auto corner = [&](int x, int y) {
    return static_cast<float>(cell_hash(x % cells, y % cells, seed) >> 8) * (1.0F / (1 << 24)) -
           0.5F;
  };
  for (int y = 0; y < kSize; ++y) {
    const float ty = smooth(0, 1, static_cast<float>(y % step) / static_cast<float>(step));
    for (int x = 0; x < kSize; ++x) {
      const float tx = smooth(0, 1, static_cast<float>(x % step) / static_cast<float>(step));
      const int cx = x / step;
      const int cy = y / step;
      values[index(x, y, kSize)] +=
          amplitude * mix(mix(corner(cx, cy), corner(cx + 1, cy), tx),
                          mix(corner(cx, cy + 1), corner(cx + 1, cy + 1), tx), ty);
    }
  }
}

std::vector<float> fractal_values(std::uint32_t seed) {
  std::vector<float> values(index(0, kSize, kSize), 0.5F);
  float amplitude = 0.5F;
  for (int cells = 4; cells <= kSize / 2; cells *= 2) {
    add_octave(values, cells, amplitude, seed + static_cast<std::uint32_t>(cells));
    amplitude *= 0.574F;
  }
  return values;
}

}  // namespace

NoiseMap::NoiseMap(std::vector<float> finest) {
  levels_.push_back(std::move(finest));
  for (int size = kSize / 2; size >= 1; size /= 2) {
    const std::vector<float>& above = levels_.back();
    std::vector<float> level(index(0, size, size));
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) {
        level[index(x, y, size)] = 0.25F * (above[index(2 * x, 2 * y, 2 * size)] +
                                            above[index(2 * x + 1, 2 * y, 2 * size)] +
                                            above[index(2 * x, 2 * y + 1, 2 * size)] +
                                            above[index(2 * x + 1, 2 * y + 1, 2 * size)]);
      }
    }
    levels_.push_back(std::move(level));
  }
}

float NoiseMap::bilinear(int level, float u, float v) const {
  const int size = kSize >> level;
  const float scale = 1.0F / static_cast<float>(1 << level);
  const float x = u * scale - 0.5F;
  const float y = v * scale - 0.5F;
  const int x0 = floor_int(x);
  const int y0 = floor_int(y);
  const float tx = x - static_cast<float>(x0);
  const float ty = y - static_cast<float>(y0);
  const int mask = size - 1;
  const float* values = levels_[static_cast<std::size_t>(level)].data();
  const float* row0 = values + index(0, y0 & mask, size);
  const float* row1 = values + index(0, (y0 + 1) & mask, size);
  const int left = x0 & mask;
  const int right = (x0 + 1) & mask;
  return mix(mix(row0[left], row0[right], tx), mix(row1[left], row1[right], tx), ty);
}

float NoiseMap::at(float u, float v, float width) const {
  // Texels beyond this would overflow an int; pixels that wide see the mean only.
  if (!(width < kSize) || !(std::fabs(u) < 1e8F) || !(std::fabs(v) < 1e8F)) return 0.5F;
  if (width <= 1) return bilinear(0, u, v);
  // Exponent and mantissa as a piecewise linear logarithm: exact on every machine.
  const auto bits = std::bit_cast<std::uint32_t>(width);
  const int level = static_cast<int>(bits >> 23) - 127;
  const float t = static_cast<float>(bits & 0x7FFFFFU) * (1.0F / (1 << 23));
  return mix(bilinear(level, u, v), bilinear(level + 1, u, v), t);
}

Textures::Textures(std::uint64_t seed)
    : white(white_values(static_cast<std::uint32_t>(seed))),
      fractal(fractal_values(static_cast<std::uint32_t>(seed >> 32) ^ 0x51ED270BU)) {}

}  // namespace pluvia::synth::scenes
