// SPDX-License-Identifier: Apache-2.0
// One moment of a street: its primitives, what stands on the road there, and the hit that shaders
// get. The renderer (raster.h) fills pictures from it.
#pragma once

#include <map>
#include <vector>

#include "synth/scenes/camera_path.h"
#include "synth/scenes/fleet.h"
#include "synth/scenes/primitive.h"
#include "synth/scenes/street.h"

namespace pluvia::synth::scenes {

/// Something on the ground that keeps light from it: a rectangle with soft edges.
struct Footprint {
  float x, z;
  float half_x, half_z;
  float height;
};

struct Stage {
  const Street& street;
  const Fleet& fleet;
  bool headlamps;  ///< of the car that carries the camera
  std::vector<Primitive> primitives;
  std::vector<Footprint> footprints;
  /// Footprints that may reach each 8 m of the street.
  std::map<int, std::vector<int>> near;

  void add_footprint(const Footprint& footprint);
  /// Share of sky and of sun that footprints leave to a point of the ground.
  void shade_ground(Vec p, float& open, float& lit) const;
};

/// What a shader knows of the point it colours.
struct Hit {
  Vec p;
  Vec n;
  Vec view;     ///< unit vector from the camera
  float depth;  ///< along the optical axis
  Vec across;   ///< displacement on the surface for one pixel to the right
  Vec down;     ///< and for one pixel down
  int face = 0;
  const Primitive* primitive = nullptr;
  Rgb glow{1, 1, 1};  ///< by night, what light of a lamp is multiplied by to be seen as it is

  float width_x() const { return std::fabs(across.x) + std::fabs(down.x); }
  float width_y() const { return std::fabs(across.y) + std::fabs(down.y); }
  float width_z() const { return std::fabs(across.z) + std::fabs(down.z); }
};

enum class Ground : std::uint8_t { kNone, kRoad, kPavement, kKerb };

Rgb shade_road(const Stage& stage, const Hit& hit);
Rgb shade_pavement(const Stage& stage, const Hit& hit);
Rgb shade_facade(const Stage& stage, const Hit& hit);
Rgb shade_trim(const Stage& stage, const Hit& hit);
Rgb shade_leaves(const Stage& stage, const Hit& hit);
Rgb shade_car(const Stage& stage, const Hit& hit);
Rgb shade_wheel(const Stage& stage, const Hit& hit);

/// Appends what belongs to each; `time_s` and `step_s` place what moves.
void add_buildings(Stage& stage, float from_m);
void add_trees(Stage& stage, float from_m, double time_s, double step_s);
void add_lamps(Stage& stage, float from_m);
void add_signs(Stage& stage, float from_m);
/// `at` is the middle of the car on the road.
void add_car(Stage& stage, Vec at, float heading, std::uint32_t hash, Vec motion);
/// Everybody on both pavements who is near `camera`.
void add_people(Stage& stage, std::uint64_t seed, Vec camera, double time_s, double step_s);

}  // namespace pluvia::synth::scenes
