// SPDX-License-Identifier: Apache-2.0
// Drawing the plan of a street. Everything is numbered by where it stands, so the same seed gives
// the same street however far it reaches.
#include "synth/scenes/street.h"

#include "synth/scenes/draw.h"

namespace pluvia::synth::scenes {
namespace {

constexpr int kBeginM = -120;
constexpr int kViewM = 1600;

constexpr Rgb kPalettes[4][6] = {
    // warm plaster
    {{0.72F, 0.60F, 0.42F},
     {0.78F, 0.70F, 0.56F},
     {0.66F, 0.45F, 0.32F},
     {0.80F, 0.76F, 0.68F},
     {0.60F, 0.52F, 0.40F},
     {0.70F, 0.50F, 0.38F}},
    // brick and stone
    {{0.42F, 0.20F, 0.14F},
     {0.36F, 0.19F, 0.14F},
     {0.58F, 0.53F, 0.45F},
     {0.48F, 0.28F, 0.20F},
     {0.62F, 0.58F, 0.50F},
     {0.32F, 0.22F, 0.18F}},
    // pale
    {{0.70F, 0.72F, 0.70F},
     {0.62F, 0.70F, 0.74F},
     {0.76F, 0.66F, 0.62F},
     {0.76F, 0.74F, 0.60F},
     {0.64F, 0.72F, 0.64F},
     {0.80F, 0.80F, 0.78F}},
    // stone and concrete
    {{0.55F, 0.53F, 0.50F},
     {0.46F, 0.46F, 0.47F},
     {0.64F, 0.60F, 0.54F},
     {0.38F, 0.38F, 0.40F},
     {0.58F, 0.50F, 0.42F},
     {0.70F, 0.69F, 0.67F}}};
constexpr Rgb kShopColors[6] = {{0.05F, 0.12F, 0.08F}, {0.30F, 0.03F, 0.04F},
                                {0.04F, 0.07F, 0.18F}, {0.06F, 0.06F, 0.06F},
                                {0.45F, 0.30F, 0.08F}, {0.35F, 0.36F, 0.36F}};
constexpr Rgb kLeaves[4] = {
    {0.12F, 0.19F, 0.045F}, {0.085F, 0.16F, 0.05F}, {0.17F, 0.21F, 0.05F}, {0.32F, 0.20F, 0.04F}};

void draw_walls(Draw& draw, int palette, Building& b) {
  const float kind = draw.range(0, 1);
  if (palette == 1) {
    b.wall = kind < 0.7F ? Wall::kBrick : Wall::kStone;
  } else if (palette == 3) {
    b.wall = kind < 0.4F ? Wall::kCurtain : kind < 0.8F ? Wall::kStone : Wall::kPlaster;
  } else {
    b.wall = kind < 0.75F ? Wall::kPlaster : kind < 0.9F ? Wall::kBrick : Wall::kStone;
  }
  b.color = draw.near(kPalettes[palette][draw.below(6)], 0.1F);
  if (b.wall == Wall::kBrick && palette != 1) b.color = draw.near({0.42F, 0.22F, 0.15F}, 0.2F);
  b.trim = draw.chance(0.7F) ? draw.near({0.72F, 0.70F, 0.66F}, 0.1F) : b.color * 0.6F;
  b.shop_color = draw.near(kShopColors[draw.below(6)], 0.15F);
  b.roof = draw.near({0.16F, 0.14F, 0.13F}, 0.3F);
}

Building draw_building(std::uint64_t seed, Purpose purpose, std::uint32_t number, int palette) {
  Draw draw(seed, purpose, number);
  Building b{};
  draw_walls(draw, palette, b);
  const bool modern = b.wall == Wall::kCurtain;
  b.floor_m = draw.range(2.9F, 3.5F);
  b.ground_m = draw.range(3.7F, 4.5F);
  const int floors = modern ? 4 + draw.below(8) : 2 + draw.below(4);
  b.height = b.ground_m + b.floor_m * static_cast<float>(floors) + draw.range(0.5F, 1.3F);
  b.depth = draw.range(11, 16);
  b.bay_m = modern ? draw.range(1.4F, 2.2F) : draw.range(2.2F, 3.3F);
  b.window_w = modern ? 0.94F : draw.range(0.36F, 0.52F);
  b.window_h = modern ? draw.range(0.6F, 0.9F) : draw.range(0.5F, 0.64F);
  b.shop = draw.chance(0.62F);
  b.awning = b.shop && draw.chance(0.45F);
  b.balconies = !modern && draw.chance(0.3F);
  b.shutters = b.wall == Wall::kPlaster && b.window_w < 0.44F && draw.chance(0.5F);
  b.cornice = !modern && draw.chance(0.75F);
  b.hash = draw.word();
  return b;
}

}  // namespace

Street::Street(std::uint64_t seed, double reach_m, bool by_night)
    : night(by_night),
      textures(seed),
      light(seed, by_night),
      begin_m_(kBeginM),
      end_m_(static_cast<int>(std::min(std::max(reach_m, 0.0), 1e5)) + kViewM) {
  Draw draw(seed, Purpose::kStreet, 0);
  lane_m = draw.range(3.1F, 3.5F);
  parking = draw.chance(0.8F);
  half_road_m = lane_m + (parking ? 2.2F : 0.5F);
  pavement_m = draw.range(3.2F, 4.8F);
  asphalt = draw.range(0.085F, 0.15F);
  slab = draw.near({0.34F, 0.33F, 0.31F}, 0.12F);
  palette_ = draw.below(4);
  leaf_ = draw.near(kLeaves[draw.below(4)], 0.15F);
  tree_density_ = draw.chance(0.2F) ? 0.0F : draw.range(0.4F, 0.9F);
  hash = draw.word();
  const int first_block = draw.below(60);
  // Whole blocks only: the last one may reach further than asked, and never changes with reach.
  std::vector<std::array<int, 2>> blocks;
  int at = begin_m_ - first_block;
  begin_m_ = at;
  for (std::uint32_t number = 1; at < end_m_; ++number) {
    Draw block(seed, Purpose::kStreet, number);
    const int last = at + 55 + block.below(60);
    blocks.push_back({at, last});
    at = last + 11 + block.below(4);
  }
  end_m_ = at;
  const auto metres = static_cast<std::size_t>(end_m_ - begin_m_);
  open_.assign(metres, 1);
  for (auto& side : skyline_) side.assign(metres, 0);
  for (auto& side : crowns_) side.assign(metres / 4 + 1, -1);
  for (const auto& [first, last] : blocks) {
    for (int m = first; m < last; ++m) open_[static_cast<std::size_t>(m - begin_m_)] = 0;
    build_block(seed, first, last);
    furnish_block(seed, static_cast<float>(first), static_cast<float>(last));
  }
  build_background(seed);
  index_lamps();
}

void Street::build_block(std::uint64_t seed, int first_m, int last_m) {
  for (int s = 0; s < 2; ++s) {
    for (int at = first_m; at < last_m;) {
      const auto number = static_cast<std::uint32_t>(2 * (at + (1 << 20)) + s);
      Building b = draw_building(seed, Purpose::kLot, number, palette_);
      int width = 9 + static_cast<int>(b.hash % 11);
      if (last_m - at - width < 9) width = last_m - at;
      b.z0 = static_cast<float>(at);
      b.z1 = static_cast<float>(at + width);
      b.side = s == 0 ? -1.0F : 1.0F;
      b.x0 = half_road_m + pavement_m + (part(b.hash, 2) < 0.15F ? 0.5F : 0);
      // Whole bays: none is cut at the corner of the house.
      const float bays =
          std::max(1.0F, static_cast<float>(floor_int(static_cast<float>(width) / b.bay_m)));
      b.bay_m = static_cast<float>(width) / bays;
      for (int m = at; m < at + width; ++m) {
        skyline_[static_cast<std::size_t>(s)][static_cast<std::size_t>(m - begin_m_)] = b.height;
      }
      buildings.push_back(b);
      at += width;
    }
  }
}

void Street::furnish_block(std::uint64_t seed, float first_m, float last_m) {
  const float kerb = half_road_m + 0.75F;
  // Always green for the street itself: its traffic does not stop.
  for (const bool ends : {false, true}) {
    const float z = ends ? last_m - 0.8F : first_m + 0.8F;
    const std::uint32_t h = cell_hash(floor_int(z), 3, hash);
    corners.push_back({z, ends, (hash & 6U) != 0, h});
  }
  for (int s = 0; s < 2; ++s) {
    const float side = s == 0 ? -1.0F : 1.0F;
    int slot = 0;
    for (float z = first_m + 5; z < last_m - 5; z += 8.5F, ++slot) {
      const auto number = static_cast<std::uint32_t>(2 * (floor_int(z) + (1 << 20)) + s);
      Draw draw(seed, Purpose::kTree, number);
      const float jittered = z + draw.range(-0.8F, 0.8F);
      if (slot % 3 == 1) {
        lamps.push_back({{side * kerb, 0, jittered}, side});
      } else if (draw.chance(tree_density_)) {
        const float height = draw.range(6.2F, 9.5F);
        // People and lorries pass below the crown.
        const float crown = std::min(draw.range(1.6F, 2.6F), (height - 2.3F) / 2.45F);
        Tree tree{{side * (kerb + 0.1F), 0, jittered},
                  height,
                  crown,
                  draw.near(leaf_, 0.15F),
                  draw.word()};
        const auto cell = static_cast<std::size_t>((jittered - static_cast<float>(begin_m_)) / 4);
        crowns_[static_cast<std::size_t>(s)][cell] = static_cast<std::int16_t>(trees.size());
        trees.push_back(tree);
      }
    }
    for (float z = first_m + 7; parking && z < last_m - 7; z += 6.1F) {
      const auto number = static_cast<std::uint32_t>(2 * (floor_int(z) + (1 << 20)) + s);
      Draw draw(seed, Purpose::kParked, number);
      if (!draw.chance(0.62F)) continue;
      parked.push_back(
          {{side * (half_road_m - 1.05F + draw.range(-0.1F, 0.1F)), 0, z + draw.range(-0.4F, 0.4F)},
           side,
           draw.word()});
    }
  }
}

void Street::build_background(std::uint64_t seed) {
  for (int s = 0; s < 2; ++s) {
    for (int at = begin_m_; at < end_m_; at += 24) {
      const auto number = static_cast<std::uint32_t>(2 * (at - begin_m_) + s);
      Building b = draw_building(seed, Purpose::kBackground, number, palette_);
      b.z0 = static_cast<float>(at);
      b.z1 = static_cast<float>(at + 24);
      b.side = s == 0 ? -1.0F : 1.0F;
      b.x0 = half_road_m + pavement_m + 34 + 9 * part(b.hash, 1);
      b.height *= 0.9F;
      b.background = true;
      b.shop = b.awning = b.balconies = b.cornice = false;
      buildings.push_back(b);
    }
  }
}

void Street::index_lamps() {
  lamp_heads_.resize(static_cast<std::size_t>((end_m_ - begin_m_) / 16 + 1));
  for (const Lamp& lamp : lamps) {
    const auto cell = static_cast<std::size_t>((lamp.base.z - static_cast<float>(begin_m_)) / 16);
    lamp_heads_[cell].push_back(lamp.base + Vec{-1.5F * lamp.side, 6.85F, 0});
  }
}

Rgb Street::lamp_light(Vec p, Vec normal) const {
  Rgb sum{0.035F, 0.040F, 0.055F};
  const int cell = floor_int((p.z - static_cast<float>(begin_m_)) / 16);
  const int cells = static_cast<int>(lamp_heads_.size());
  for (int c = std::max(cell - 2, 0); c <= std::min(cell + 2, cells - 1); ++c) {
    for (const Vec& head : lamp_heads_[static_cast<std::size_t>(c)]) {
      const Vec to = head - p;
      const float d2 = dot(to, to) + 1;
      const float facing = std::max(dot(normal, to) / std::sqrt(d2), 0.0F);
      // Little goes up; what is farther than the lamps indexed has faded out.
      const float down = smooth(-0.5F, 2.0F, to.y);
      const float reach = smooth(32, 16, std::fabs(to.z));
      sum = sum + Rgb{1.35F, 0.98F, 0.58F} * ((0.12F + 0.88F * facing) * down * reach * 42 / d2);
    }
  }
  return sum;
}

bool Street::crossing_at(float z) const {
  const int m = floor_int(z) - begin_m_;
  return m >= 0 && m < static_cast<int>(open_.size()) && open_[static_cast<std::size_t>(m)] != 0;
}

bool Street::near_crossing(float z, float margin_m) const {
  return crossing_at(z - margin_m) || crossing_at(z + margin_m);
}

float Street::height_at(float side, float z) const {
  const auto& row = skyline_[side < 0 ? 0 : 1];
  const int m = floor_int(z) - begin_m_;
  return m >= 0 && m < static_cast<int>(row.size()) ? row[static_cast<std::size_t>(m)] : 8.0F;
}

float Street::sun_seen(Vec p, float width_m, bool with_crowns) const {
  const Vec& s = light.to_sun;
  if (light.sun.g < 0.01F) return 0;
  const float side = s.x < 0 ? -1.0F : 1.0F;
  const float front = half_road_m + pavement_m;
  float seen = 1;
  // The first row of houses, as a screen a little behind its facades.
  const float along = (side * (front + 4) - p.x) / s.x;
  if (along > 0) {
    const Vec there = p + s * along;
    const float soft = light.penumbra * along + width_m;
    const float shift = std::max(soft, 0.4F) * 0.5F;
    const float top = 0.5F * (height_at(side, there.z - shift) + height_at(side, there.z + shift));
    seen = smooth(-soft, soft, there.y - top);
  }
  if (with_crowns && seen > 0) seen *= crown_shadow(p, width_m);
  return seen;
}

float Street::crown_shadow(Vec p, float width_m) const {
  const Vec& s = light.to_sun;
  float seen = 1;
  for (std::size_t row = 0; row < 2; ++row) {
    const float climb = (4.9F - p.y) / s.y;
    if (climb <= 0) continue;
    const float z = p.z + s.z * climb;
    const int cell = floor_int((z - static_cast<float>(begin_m_)) / 4);
    for (int c = cell - 1; c <= cell + 1; ++c) {
      if (c < 0 || c >= static_cast<int>(crowns_[row].size())) continue;
      const int number = crowns_[row][static_cast<std::size_t>(c)];
      if (number < 0) continue;
      const Tree& tree = trees[static_cast<std::size_t>(number)];
      const Vec centre = tree.base + Vec{0, tree.height - tree.crown * 1.1F, 0};
      const Vec off = centre - p;
      const float t = dot(off, s);
      if (t <= 0) continue;
      const float miss = length(off - s * t) / tree.crown;
      const Vec spot = p + s * t;
      const float dapple = textures.white.at(spot.x * 5 + spot.y * 3, spot.z * 5 + spot.y * 2,
                                             std::max(width_m * 5, 1.0F));
      seen *= smooth(0.72F, 1.12F, miss + 0.55F * (dapple - 0.5F));
    }
  }
  return seen;
}

}  // namespace pluvia::synth::scenes
