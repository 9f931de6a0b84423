// SPDX-License-Identifier: Apache-2.0
// The plan of a street, drawn once from the seed: blocks and crossings, a house on every lot,
// trees, lamps, parked cars; and what is asked of it per point: is this a crossing, is the sun
// hidden.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "synth/scenes/geometry.h"
#include "synth/scenes/light.h"
#include "synth/scenes/noise.h"

namespace pluvia::synth::scenes {

enum class Wall : std::uint8_t { kPlaster, kBrick, kStone, kCurtain };

struct Building {
  float z0, z1;
  float side;  ///< -1 left, 1 right
  float x0;    ///< distance of the facade from the street's middle
  float depth;
  float height;
  Wall wall;
  Rgb color;
  Rgb trim;
  Rgb shop_color;
  Rgb roof;
  float floor_m;
  float ground_m;  ///< height of the ground floor
  float bay_m;
  float window_w;  ///< share of the bay
  float window_h;  ///< share of the floor
  bool shop;
  bool awning;
  bool balconies;
  bool shutters;
  bool cornice;
  bool background;
  std::uint32_t hash;
};

struct Tree {
  Vec base;
  float height;
  float crown;  ///< radius
  Rgb leaf;
  std::uint32_t hash;
};

struct Lamp {
  Vec base;
  float side;
};

struct ParkedCar {
  Vec at;
  float heading;  ///< 1 as we drive, -1 towards us
  std::uint32_t hash;
};

/// One end of a block.
struct Corner {
  float z;
  bool ends_block;  ///< a crossing follows; false: a crossing lies before
  bool lights;
  std::uint32_t hash;
};

class Street {
 public:
  /// Complete for cameras between forward positions 0 and `reach_m`; longer streets only add.
  Street(std::uint64_t seed, double reach_m, bool night);

  bool crossing_at(float z) const;
  bool near_crossing(float z, float margin_m) const;
  /// Share of the sun's disc seen from a point, hidden by houses and crowns.
  float sun_seen(Vec p, float width_m, bool crowns) const;
  float height_at(float side, float z) const;

  /// By night: light of the lamps on a surface, relative to the even light of the shaders.
  Rgb lamp_light(Vec p, Vec normal) const;

  bool night;
  Textures textures;
  Light light;
  float lane_m;
  float half_road_m;
  float pavement_m;
  bool parking;
  float asphalt;  ///< albedo
  Rgb slab;
  std::uint32_t hash;
  std::vector<Building> buildings;
  std::vector<Tree> trees;
  std::vector<Lamp> lamps;
  std::vector<Corner> corners;
  std::vector<ParkedCar> parked;

 private:
  void build_block(std::uint64_t seed, int first_m, int last_m);
  void furnish_block(std::uint64_t seed, float first_m, float last_m);
  void build_background(std::uint64_t seed);
  void index_lamps();
  float crown_shadow(Vec p, float width_m) const;

  int begin_m_;
  int end_m_;
  int palette_;
  Rgb leaf_;
  float tree_density_;
  std::vector<std::uint8_t> open_;                   ///< per metre: a crossing
  std::array<std::vector<float>, 2> skyline_;        ///< per side and metre
  std::vector<std::vector<Vec>> lamp_heads_;         ///< per 16 m
  std::array<std::vector<std::int16_t>, 2> crowns_;  ///< per side and 4 m: nearest tree, -1 none
};

}  // namespace pluvia::synth::scenes
