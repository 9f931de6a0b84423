// SPDX-License-Identifier: Apache-2.0
// Light of the scene before it meets the pane, in linear units: V, the clean picture behind the
// veil, and S, with the resolved streaks,
//   S = (1 - a) V + a L,   a = 1 - exp(-gain * opacity),
// L what falling drops show at that place (effects/environment.h) times the streaks' own
// brightness. Worked out a stretch of a row at a time, so that it vectorises; a GPU asks for
// stretches of one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/backend.h"
#include "core/byte_lanes.h"
#include "core/exact_float.h"
#include "synth/effects/environment.h"
#include "synth/effects/flicker.h"
#include "synth/effects/linear_light.h"
#include "synth/effects/sky.h"
#include "synth/effects/streak_splat.h"
#include "synth/effects/veil.h"

namespace pluvia::synth {

struct SceneLight {
  const std::uint8_t* clean = nullptr;
  int height = 0;
  int width = 0;
  VeilView veil;
  FlickerView flicker;  ///< of the veil, for what looks at single pixels
  StreakPlanes streaks;
  float streak_gain = 1;
  EnvironmentView around;

  PLUVIA_MEMBER const std::uint8_t* at(int y, int x) const {
    return clean + (static_cast<std::ptrdiff_t>(y) * width + x) * 3;
  }
  PLUVIA_MEMBER bool streaked(int tile) const {
    return !streaks.none() && !streaks.lists.empty(tile);
  }
};

/// N pixels of a row, by channel.
template <int N>
struct LightRow {
  float v[3][N];
  float s[3][N];
};

/// Pixels [x0, x0 + N) of row y from their codes, channels kNext apart: decoded, with expanded sky
/// where `sky_gain` is not 1, veiled.
template <int N, int kNext>
PLUVIA_FUNCTION void veiled_row(const SceneLight& a, const std::int32_t* codes, int y, int x0,
                                float sky_gain, LightRow<N>& out) {
  for (int c = 0; c < 3; ++c) {
    for (int x = 0; x < N; ++x) out.v[c][x] = light_of_code(codes[c * kNext + x]);
  }
  if (sky_gain != 1) {
    for (int x = 0; x < N; ++x) {
      const float factor = sky_factor(out.v[0][x], out.v[1][x], out.v[2][x], sky_gain);
      out.v[0][x] *= factor;
      out.v[1][x] *= factor;
      out.v[2][x] *= factor;
    }
  }
  if (a.veil.table == nullptr) return;
  float through[N];
  a.veil.row<N>(y, x0, through);
  if (a.flicker.texture != nullptr) a.flicker.shade<N>(a.veil.depth, y, x0, through);
  const float air[3] = {a.veil.air.r, a.veil.air.g, a.veil.air.b};
  for (int c = 0; c < 3; ++c) {
    for (int x = 0; x < N; ++x) {
      out.v[c][x] = out.v[c][x] * through[x] + air[c] * (1 - through[x]);
    }
  }
}

/// Whether a streak may touch any of the pixels: where none does, S is V, to the bit.
template <int N>
PLUVIA_FUNCTION bool inked(const SceneLight& a, int y, int x0) {
  static_assert(N <= kInkStretch);
  return a.streaks.mark(y, x0) != 0;
}

/// Whether a streak does touch any of them, in a stretch that is marked.
template <int N>
PLUVIA_FUNCTION bool touched(const SceneLight& a, int y, int x0) {
  const float* const opacity = a.streaks.opacity(y, x0);
  int any = 0;
  for (int x = 0; x < N; ++x) any |= opacity[x] > 0 ? 1 : 0;
  return any != 0;
}

/// S from V for N pixels of a marked stretch. Both by channel, kNext numbers from one to the next.
template <int N, int kNext>
PLUVIA_FUNCTION void add_streaks(const SceneLight& a, int y, int x0, const float* v, float* s) {
  const float* const opacity = a.streaks.opacity(y, x0);
  const float* const glow = a.streaks.glow(y, x0);
  float cover[N];
  float shown[N];  // a times the streaks' own brightness
  for (int x = 0; x < N; ++x) {
    const float o = opacity[x];  // where it is 0, so is a
    cover[x] = 1 - exact::exp_of_minus(a.streak_gain * o);
    shown[x] = cover[x] * (glow[x] / (o > 0 ? o : 1.0F));
  }
  for (int c = 0; c < 3; ++c) {
    const NodeSpan light = a.around.span(y, x0, c);
    for (int x = 0; x < N; ++x) {
      const float fx = (static_cast<float>(light.offset + x) + 0.5F) * (1.0F / kNode);
      const float shine = light.left + (light.right - light.left) * fx;
      s[c * kNext + x] = v[c * kNext + x] * (1 - cover[x]) + shine * shown[x];
    }
  }
}

}  // namespace pluvia::synth
