// SPDX-License-Identifier: Apache-2.0
// The road (asphalt with wheel tracks, repairs, stains, markings, covers) and the pavement (slabs,
// kerb stones).
#include "synth/scenes/filter.h"
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

/// Light that reaches a point of the ground between the houses.
Rgb lit_ground(const Stage& stage, const Hit& hit, Rgb albedo, float open) {
  float lit = stage.street.sun_seen(hit.p, hit.width_x() + hit.width_z(), true);
  stage.shade_ground(hit.p, open, lit);
  return stage.street.light.on(albedo, {0, 1, 0}, lit, open);
}

float patches(const Street& street, float x, float z, float wx, float wz) {
  const int cell = floor_int(z / 9);
  const std::uint32_t h = cell_hash(cell, x > 0 ? 1 : 0, street.hash);
  if (part(h, 0) > 0.4F) return 0;
  const float x0 = (x > 0 ? 0.3F : -street.lane_m) + 1.2F * part(h, 1);
  const float z0 = static_cast<float>(cell) * 9 + 4 * part(h, 2);
  return pulse(x, wx, x0, x0 + 0.7F + 1.1F * part(h, 3)) *
         pulse(z, wz, z0, z0 + 1.5F + 3 * part(h, 1));
}

/// Paint: middle line, parking line, zebra and stop line before crossings.
float markings(const Street& street, float x, float z, float wx, float wz) {
  const float ax = std::fabs(x);
  float paint = 0;
  if (street.crossing_at(z)) return 0;
  if (street.near_crossing(z, 4.2F)) {
    const bool zebra = street.near_crossing(z, 3.8F) && !street.near_crossing(z, 0.6F);
    if (zebra) {
      paint =
          periodic_pulse(x + 50.25F, wx, 1.0F, 0, 0.5F) * clamp01((street.half_road_m - ax) * 4);
    }
    return paint;
  }
  const bool solid = street.near_crossing(z, 16);
  const float dash = solid ? 1.0F : periodic_pulse(z, wz, 7.5F, 0, 3);
  paint = pulse(x, wx, -0.06F, 0.06F) * dash;
  // The stop line, across the lane that comes to the crossing.
  const float ahead = x > 0 ? 1.0F : -1.0F;
  if (street.crossing_at(z + 5.4F * ahead) && !street.near_crossing(z, 4.9F)) {
    paint = std::max(paint, pulse(ax, wx, 0.1F, street.lane_m));
  }
  if (street.parking) {
    paint = std::max(paint, pulse(ax, wx, street.lane_m, street.lane_m + 0.1F) *
                                periodic_pulse(z, wz, 2, 0, 1.1F));
  }
  return paint;
}

float covers(const Street& street, float x, float z, float w) {
  const int cell = floor_int(z / 23);
  const std::uint32_t h = cell_hash(cell, 77, street.hash);
  if (part(h, 0) > 0.6F) return 0;
  const float cx = (part(h, 1) - 0.5F) * 2 * street.lane_m;
  const float cz = static_cast<float>(cell) * 23 + 4 + 14 * part(h, 2);
  const float r = std::sqrt((x - cx) * (x - cx) + (z - cz) * (z - cz));
  const float soft = std::max(w, 0.02F);
  return smooth(0.33F + soft, 0.33F - soft, r) *
         (0.55F + 0.45F * smooth(0.03F, 0.05F + soft, std::fabs(r - 0.28F)));
}

}  // namespace

Rgb shade_road(const Stage& stage, const Hit& hit) {
  const Street& street = stage.street;
  const Textures& noise = street.textures;
  const float x = hit.p.x;
  const float z = hit.p.z;
  const float wx = hit.width_x();
  const float wz = hit.width_z();
  const float w = std::max(wx, 0.5F * wz);
  const float ax = std::fabs(x);
  // Large stains, the grain of the stones, tracks polished by tyres, oil along the lane's middle.
  const float large = noise.fractal.at(x * 9, z * 3.3F, w * 6) - 0.5F;
  const float medium = noise.fractal.at(z * 31 + 90, x * 31, w * 31) - 0.5F;
  const float grain = noise.white.at(x * 70, z * 70, w * 70) - 0.5F;
  float tone = street.asphalt * (1 + 0.7F * large + 0.4F * medium + 0.75F * grain);
  const float lane = ax - 0.5F * street.lane_m;
  const float track = pulse(std::fabs(lane), 0.5F, 0.5F, 1.0F);
  const float oil = pulse(lane, 0.7F, -0.2F, 0.2F);
  const bool in_lane = ax < street.lane_m;
  if (in_lane) tone *= 1 - 0.10F * track - 0.16F * oil;
  const float gutter = smooth(0.45F, 0.1F, std::fabs(street.half_road_m - ax));
  tone *= 1 - 0.25F * gutter;
  tone *= 1 - 0.3F * patches(street, x, z, wx, wz);
  // Cracks follow the zero line of a slow noise.
  const float crack = noise.fractal.at(x * 14 + 17, z * 14, w * 14) - 0.5F;
  tone *= 1 - 0.3F * smooth(0.010F, 0.002F, std::fabs(crack)) * resolved(0.05F, w) *
                  smooth(0.02F, 0.1F, large);
  Rgb albedo = Rgb{1.0F, 0.985F, 0.95F} * tone;
  const float worn = 0.55F + 0.9F * medium + 0.5F * grain * resolved(0.05F, w);
  albedo =
      mix(albedo, {0.60F, 0.60F, 0.57F}, markings(street, x, z, wx, wz) * clamp01(0.35F + worn));
  if (in_lane)
    albedo = mix(albedo, Rgb{0.05F, 0.048F, 0.045F} * (1 + grain), covers(street, x, z, w));
  const float open = 0.62F + 0.3F * smooth(street.half_road_m + street.pavement_m, 0, ax);
  Rgb color = lit_ground(stage, hit, albedo, open);
  // Asphalt shines at grazing angles, towards the light.
  const float graze = clamp01(1 + hit.view.y * 3.2F);
  const Vec mirrored{hit.view.x, -hit.view.y, hit.view.z};
  return color + street.light.surroundings({mirrored.x, mirrored.y + 0.25F, mirrored.z}) *
                     (0.13F * graze * graze * graze * open);
}

Rgb shade_pavement(const Stage& stage, const Hit& hit) {
  const Street& street = stage.street;
  const Textures& noise = street.textures;
  const float ax = std::fabs(hit.p.x);
  const float z = hit.p.z;
  const float wx = hit.width_x();
  const float wz = hit.width_z();
  const float w = std::max(wx, 0.5F * wz);
  const float from_kerb = ax - street.half_road_m;
  const float grain = noise.white.at(hit.p.x * 60, z * 60, w * 60) - 0.5F;
  const float large = noise.fractal.at(hit.p.x * 11 + 60, z * 5, w * 8) - 0.5F;
  if (from_kerb < 0.18F && hit.primitive == nullptr) {
    const float joint = periodic_pulse(z, wz, 1.0F, 0, 0.02F);
    const float face = hit.p.y < 0.11F ? 0.72F : 1.0F;
    const float tone = face * (1 + 0.3F * grain + 0.35F * large) * (1 - 0.6F * joint);
    return lit_ground(stage, hit, Rgb{0.40F, 0.39F, 0.37F} * tone, 0.7F);
  }
  const bool small = (street.hash & 1U) != 0;
  const float size = small ? 0.3F : 0.6F;
  const int row = floor_int(from_kerb / size);
  const float shifted = z + ((row & 1) != 0 ? 0.5F * size : 0);
  const int column = floor_int(shifted / (size * 1.5F));
  const float slab = (part(cell_hash(row, column, street.hash), 0) - 0.5F) * resolved(size, w);
  const float joint = 1 - (1 - periodic_pulse(from_kerb, wx, size, 0, 0.014F)) *
                              (1 - periodic_pulse(shifted, wz, size * 1.5F, 0, 0.014F));
  float tone = 1 + 0.26F * slab + 0.35F * grain + 0.5F * large;
  tone *= 1 - 0.55F * joint;
  // Spots of gum and leaves.
  tone *=
      1 - 0.35F * smooth(0.80F, 0.86F, noise.white.at(hit.p.x * 9, z * 9, std::max(w * 9, 1.0F)));
  // Houses take half of the sky from what lies at their foot.
  const float house = smooth(2.2F, 0, street.pavement_m - from_kerb);
  const float open = 0.66F - 0.32F * (from_kerb < street.pavement_m ? house : 0.3F);
  return lit_ground(stage, hit, street.slab * tone, open);
}

}  // namespace pluvia::synth::scenes
