// SPDX-License-Identifier: Apache-2.0
// The last step: scene, streaks and drops put together into 8-bit layers, by one of two formations.
//
// vrds (what is known of VRDS: lq = (1-M)(B+S) + M D): drop = gt wherever mask = 0, and
//   lq = min(255, drop + streak) in every channel, in integers. Streaks are one grey number,
//   nothing under drops.
// physical: veil, streaks and drops in linear light; lq = drop + streak_rgb exactly. Noise is added
//   to what changed only, the clean picture has its own, and the same to lq and drop.
#pragma once

#include <cstdint>

#include "core/clip.h"
#include "core/image.h"
#include "synth/effects/glass_draw.h"
#include "synth/effects/light_pyramid.h"
#include "synth/effects/streak_splat.h"
#include "synth/effects/veil.h"

namespace pluvia::synth {

struct StreakTone {
  float gain = 1;        ///< of opacity; 1 is physical
  float brightness = 1;  ///< vrds: display value of a fully covered pixel over black
  float sky_fade = 0;    ///< vrds: how far the scene's own brightness takes from it; 1: all
};

struct SensorNoise {
  float shot = 0;  ///< variance per unit of changed light
  float read = 0;  ///< standard deviation where much has changed
  std::uint64_t seed = 0;
  std::uint32_t clip = 0;
  std::uint32_t frame = 0;
};

struct VrdsScene {
  ImageView<const std::uint8_t> clean;
  const StreakPlanes* streaks = nullptr;  ///< null: none
  const GlassPlane* glass = nullptr;      ///< null: none; over the unstreaked scene
  StreakTone tone;
};
FrameLayers compose_vrds(const VrdsScene& scene);

struct PhysicalScene {
  ImageView<const std::uint8_t> clean;
  ImageView<const float> veiled;               ///< linear, without streaks
  ImageView<const float> streaked;             ///< linear, with
  const GlassPlane* glass = nullptr;           ///< over veiled
  const GlassPlane* glass_streaked = nullptr;  ///< over streaked
  SensorNoise noise;
};
FrameLayers compose_physical(const PhysicalScene& scene);

/// Clean codes to linear light.
Image<float> to_light(ImageView<const std::uint8_t> clean);
/// V of the veil (effects/veil.h), in place. Where nothing is between, bits are unchanged.
void add_veil(ImageView<float> light, ImageView<const float> depth_m, const Veil& veil, Rgb air);
/// Streaks over light: each pixel (1 - a) B + a L, a = 1 - exp(-gain * opacity), L the scene's
/// light around the pixel, from a coarse level of `around`, times the streaks' own brightness.
Image<float> add_streaks(ImageView<const float> light, const StreakPlanes& streaks, float gain,
                         const LightPyramid& around);

}  // namespace pluvia::synth
