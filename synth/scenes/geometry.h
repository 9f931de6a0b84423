// SPDX-License-Identifier: Apache-2.0
// Vectors and colours of the built-in scenes. Street coordinates, metres: x right, y up, z forward
// along the street; that is world coordinates (synth/scene.h) with the sign of z changed. Colours
// are linear light. Only + - * / and square roots, so that all machines give the same bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace pluvia::synth::scenes {

struct Vec {
  float x = 0;
  float y = 0;
  float z = 0;
};

inline Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec operator*(Vec a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline float dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline float length(Vec a) { return std::sqrt(dot(a, a)); }
inline Vec normalized(Vec a) { return a * (1 / std::max(length(a), 1e-12F)); }
inline Vec reflected(Vec d, Vec n) { return d - n * (2 * dot(d, n)); }

struct Rgb {
  float r = 0;
  float g = 0;
  float b = 0;
};

inline Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
inline Rgb operator*(Rgb a, Rgb b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
inline Rgb operator*(Rgb a, float s) { return {a.r * s, a.g * s, a.b * s}; }
inline Rgb mix(Rgb a, Rgb b, float t) { return a * (1 - t) + b * t; }

inline float mix(float a, float b, float t) { return a + (b - a) * t; }
inline float clamp01(float x) { return std::min(std::max(x, 0.0F), 1.0F); }
/// 0 below a, 1 above b, smooth between.
inline float smooth(float a, float b, float x) {
  const float t = clamp01((x - a) / (b - a));
  return t * t * (3 - 2 * t);
}
inline int floor_int(float x) {
  const int i = static_cast<int>(x);
  return i - (static_cast<float>(i) > x ? 1 : 0);
}

/// A well mixed word from a cell of a lattice: what varies from window to window, slab to slab.
inline std::uint32_t cell_hash(int a, int b, std::uint32_t seed) {
  std::uint32_t h = seed + 0x9E3779B9U * static_cast<std::uint32_t>(a) +
                    0x85EBCA6BU * static_cast<std::uint32_t>(b);
  h = (h ^ (h >> 16)) * 0x7FEB352DU;
  h = (h ^ (h >> 15)) * 0x846CA68BU;
  return h ^ (h >> 16);
}
/// In [0, 1): one of four independent parts of a hash.
inline float part(std::uint32_t hash, int which) {
  return static_cast<float>((hash >> (8 * which)) & 255U) * (1.0F / 256);
}

}  // namespace pluvia::synth::scenes
