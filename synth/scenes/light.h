// SPDX-License-Identifier: Apache-2.0
// The weather of a clip: one sun, sky light, haze, clouds; and how light becomes 8-bit sRGB.
#pragma once

#include <array>
#include <cstdint>

#include "synth/scenes/geometry.h"
#include "synth/scenes/noise.h"

namespace pluvia::synth::scenes {

class Draw;

struct Light {
  Light(std::uint64_t seed, bool night);

  Vec to_sun;
  Rgb sun;      ///< on a surface that faces it
  Rgb ambient;  ///< from the whole sky, on a horizontal surface
  Rgb bounce;   ///< from below
  Rgb zenith;
  Rgb horizon;
  Rgb cloud_lit;
  Rgb cloud_dark;
  float cloud_cover;  ///< 0 clear, 1 overcast
  float cloud_u;
  float cloud_v;
  float haze_m;    ///< distance after which 1/e of an object's contrast is left
  float penumbra;  ///< width of shadow edges per metre of distance
  float exposure;

  Rgb sky(Vec direction, const Textures& textures) const;
  /// What a mirror in the street shows: sky above, facades at eye level, road below.
  Rgb surroundings(Vec direction) const;
  /// Sun and sky on a matte surface. `open` is the share of the sky seen, `lit` that of the sun.
  Rgb on(Rgb albedo, Vec normal, float lit, float open) const;
  Rgb through_haze(Rgb color, float distance_m) const;

 private:
  void set_day(Draw& draw);
  void set_night(Draw& draw);
};

/// Exposed linear light to 8-bit sRGB through a filmic shoulder.
class ToneCurve {
 public:
  ToneCurve();
  std::uint8_t code(float light) const;

 private:
  static constexpr int kSteps = 4096;
  std::array<std::uint8_t, kSteps + 1> codes_;
};

}  // namespace pluvia::synth::scenes
