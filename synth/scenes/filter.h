// SPDX-License-Identifier: Apache-2.0
// Patterns averaged over the width of a pixel in closed form (box filter), so that windows, lines
// and slabs neither flicker in motion nor need more samples.
#pragma once

#include "synth/scenes/geometry.h"

namespace pluvia::synth::scenes {

/// Share of [x - w/2, x + w/2] that lies in [a, b].
inline float pulse(float x, float w, float a, float b) {
  const float width = std::max(w, 1e-4F);
  return std::max(0.0F, std::min(b, x + width / 2) - std::max(a, x - width / 2)) / width;
}

/// The same for [a, b] repeated every `period`, 0 <= a <= b <= period.
inline float periodic_pulse(float x, float w, float period, float a, float b) {
  const float width = std::max(w, 1e-4F);
  const auto integral = [&](float at) {
    const float cells = static_cast<float>(floor_int(at / period));
    return cells * (b - a) + std::clamp(at - cells * period - a, 0.0F, b - a);
  };
  return clamp01((integral(x + width / 2) - integral(x - width / 2)) / width);
}

/// How much of a detail of the given size is still resolved by pixels of width w: 1 to 0.
inline float resolved(float size, float w) { return clamp01(1.5F - w / size); }

}  // namespace pluvia::synth::scenes
