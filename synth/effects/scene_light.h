// SPDX-License-Identifier: Apache-2.0
// Light of the scene before it meets the pane, in linear units: V, the clean picture behind the
// veil, and S, with the resolved streaks,
//   S = (1 - a) V + a L,   a = 1 - exp(-gain * opacity),
// L what falling drops show at that place (effects/environment.h) times the streaks' own brightness.
// Worked out a stretch of a row at a time, so that it vectorises; a GPU asks for stretches of one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/backend.h"
#include "core/exact_float.h"
#include "synth/effects/environment.h"
#include "synth/effects/linear_light.h"
#include "synth/effects/sky.h"
#include "synth/effects/streak_splat.h"
#include "synth/effects/veil.h"

namespace pluvia::synth {

struct SceneLight {
  const std::uint8_t* clean = nullptr;
  int height = 0;
  int width = 0;
  const LinearLight* light = nullptr;
  VeilView veil;
  StreakPlanes streaks;
  float streak_gain = 1;
  EnvironmentView around;

  PLUVIA_MEMBER bool streaked(int tile) const {
    return !streaks.none() && !streaks.lists.empty(tile);
  }
};

/// At most N pixels of a row, by channel.
template <int N>
struct LightRow {
  float v[3][N];
  float s[3][N];  ///< filled where streaks were asked for
};

/// Pixels [x0, x0 + n) of row y: decoded, with expanded sky where `sky_gain` is not 1, veiled.
template <int N>
PLUVIA_FUNCTION void veiled_row(const SceneLight& a, int y, int x0, int n, float sky_gain,
                                LightRow<N>& out) {
  const std::uint8_t* const p = a.clean + (static_cast<std::ptrdiff_t>(y) * a.width + x0) * 3;
  for (int x = 0; x < n; ++x) {
    out.v[0][x] = a.light->decode(p[3 * x]);
    out.v[1][x] = a.light->decode(p[3 * x + 1]);
    out.v[2][x] = a.light->decode(p[3 * x + 2]);
  }
  if (sky_gain != 1) {
    for (int x = 0; x < n; ++x) {
      const float factor = sky_factor(out.v[0][x], out.v[1][x], out.v[2][x], sky_gain);
      out.v[0][x] *= factor;
      out.v[1][x] *= factor;
      out.v[2][x] *= factor;
    }
  }
  if (a.veil.table == nullptr) return;
  float through[N];
  if (a.veil.depth.map == nullptr) {
    const float row = a.veil.rows[y];
    for (int x = 0; x < n; ++x) {
      const float column = a.veil.columns[x0 + x];
      through[x] = row > column ? row : column;
    }
  } else {
    for (int x = 0; x < n; ++x) {
      through[x] = a.veil.table->transmission(a.veil.depth.at(y, x0 + x));
    }
  }
  const float air[3] = {a.veil.air.r, a.veil.air.g, a.veil.air.b};
  for (int c = 0; c < 3; ++c) {
    for (int x = 0; x < n; ++x) {
      out.v[c][x] = out.v[c][x] * through[x] + air[c] * (1 - through[x]);
    }
  }
}

/// Whether a streak touches any of the pixels: where none does, S is V, to the bit.
PLUVIA_FUNCTION bool inked(const SceneLight& a, int y, int x0, int n) {
  const float* const opacity = a.streaks.opacity + y * a.streaks.stride + x0;
  int any = 0;
  for (int x = 0; x < n; ++x) any |= opacity[x] > 0 ? 1 : 0;
  return any != 0;
}

/// Fills s from v. The stretch lies within one tile that has streaks.
template <int N>
PLUVIA_FUNCTION void streaked_row(const SceneLight& a, int y, int x0, int n, LightRow<N>& out) {
  const float* const opacity = a.streaks.opacity + y * a.streaks.stride + x0;
  const float* const glow = a.streaks.glow + y * a.streaks.stride + x0;
  float cover[N];
  float shown[N];  // a times the streaks' own brightness
  for (int x = 0; x < n; ++x) {
    const float o = opacity[x];  // where it is 0, so is a
    cover[x] = 1 - exact::exp_of_minus(a.streak_gain * o);
    shown[x] = cover[x] * (glow[x] / (o > 0 ? o : 1.0F));
  }
  for (int c = 0; c < 3; ++c) {
    const NodeSpan light = a.around.span(y, x0, c);
    const float* const v = out.v[c];
    float* const s = out.s[c];
    for (int x = 0; x < n; ++x) {
      const float fx = (static_cast<float>(light.offset + x) + 0.5F) * (1.0F / kNode);
      const float shine = light.left + (light.right - light.left) * fx;
      s[x] = v[x] * (1 - cover[x]) + shine * shown[x];
    }
  }
}

}  // namespace pluvia::synth
