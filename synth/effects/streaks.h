// SPDX-License-Identifier: Apache-2.0
// Falling drops as particles of the world, without state: which of them a camera sees during one
// exposure, as streaks in the picture.
//
// Drops are sorted into flows: a class of diameters (synth/drop_sizes.h) with one velocity, which
// is its fall, the wind, and a sideways drift of its own. In the frame that moves with a flow its
// drops stand still, in cells of an endless lattice; a cell's content is a function of (seed, clip,
// flow, cell). Hence any frame can be made alone, and a drop that two frames see has moved by its
// velocity. Only drops at least min_width_px wide are listed; the rest is veil (effects/veil.h).
//
// Deviations: a class falls at one speed (its drops differ by up to 7 % of diameter); a streak has
// the depth, width and defocus of its middle.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/camera.h"
#include "synth/drop_sizes.h"
#include "synth/effects/ripple.h"

namespace pluvia::synth {

struct RainField {
  double rate_mm_h = 0;
  double gamma_mu = 0;
  double min_width_px = 0.5;
  double near_m = 0.5;  ///< nothing falls nearer to the camera than this
  Vec3 wind_m_s;
  double gust_m_s = 0;  ///< standard deviation of the wind along itself
  double gust_period_s = 4;
  double drift = 0.2;      ///< sideways speed of flows over fall speed, standard deviation
  int directions = 1;      ///< flows lean towards so many azimuths, evenly spread
  double lean = 0;         ///< tangent of that lean
  double ego_motion = 1;   ///< share of the camera's own motion that the rain shows
  double oscillation = 0;  ///< amplitude of the ripple of brightness along a streak
  double variety = 0.15;   ///< brightness of streaks: from 1 - variety to 1 + 2 variety, mean 1
};

/// One drop during the exposure.
struct Streak {
  std::uint64_t id = 0;  ///< the same in every frame of a clip
  double diameter_mm = 0;
  float x0 = 0;  ///< where it is when the shutter opens, pixels
  float y0 = 0;
  float x1 = 0;  ///< and closes
  float y1 = 0;
  float depth_m = 0;
  float width_px = 0;
  float blur_px = 0;  ///< circle of confusion
  Ripple ripple[2];   ///< of modes (2,0) and (3,1)
  float brightness = 1;
};

/// Keys the particles of one clip.
struct RainKey {
  std::uint64_t seed = 0;
  std::uint32_t clip = 0;
};

/// Drop sizes of a field and their classes as wide as a focal length shows: does not change from
/// frame to frame, and costs about as much as the streaks of one.
struct Rainfall {
  DropSizes sizes;
  std::vector<DropClass> classes;

  static Rainfall of(const RainField& field, double focal_px);
};

/// The streaks of the exposure around time_s, in an order that depends on nothing but the inputs.
/// Streaks whose soft outline lies outside the picture are left out.
std::vector<Streak> streaks_of(const RainField& field, const Rainfall& fall, const RainKey& key,
                               const Camera& camera, const Lens& lens, double time_s);
std::vector<Streak> streaks_of(const RainField& field, const RainKey& key, const Camera& camera,
                               const Lens& lens, double time_s);

/// Tells frames apart: a frame's number is not known to the renderer, its time is.
std::uint32_t frame_bits(double time_s);

/// The wind with its gusts at a moment.
Vec3 wind_at(const RainField& field, const RainKey& key, double time_s);

}  // namespace pluvia::synth
