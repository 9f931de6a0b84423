// SPDX-License-Identifier: Apache-2.0
// The boxes of houses: the body, cornice, balconies, awning.
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

// By then a house is a few pixels high and lost in haze.
constexpr float kFarM = 1500;

/// A box on the facade: z0..z1 along it, y0..y1 up, standing out by `out`.
Primitive on_facade(const Building& b, Vec from_z_y, Vec to_z_y, float out) {
  Primitive p;
  const float inner = b.side * b.x0;
  const float outer = b.side * (b.x0 - out);
  p.a = {std::min(inner, outer), from_z_y.y, from_z_y.z};
  p.b = {std::max(inner, outer), to_z_y.y, to_z_y.z};
  p.hash = b.hash;
  return p;
}

void add_balconies(std::vector<Primitive>& out, const Building& b) {
  for (float v = b.ground_m + b.floor_m; v + b.floor_m < b.height; v += b.floor_m) {
    for (float u = b.z0; u + b.bay_m < b.z1 + 0.1F; u += 2 * b.bay_m) {
      const float y = v + 0.14F;
      Primitive slab = on_facade(b, {0, y, u + 0.25F}, {0, y + 0.16F, u + b.bay_m - 0.25F}, 0.85F);
      slab.material = Material::kTrim;
      slab.color = b.trim * 0.9F;
      out.push_back(slab);
      Primitive rail = slab;
      rail.material = Material::kRail;
      rail.color = {0.07F, 0.07F, 0.075F};
      rail.a.y = y + 0.16F;
      rail.b.y = y + 1.05F;
      const float front = b.side * (b.x0 - 0.85F);
      rail.a.x = std::min(front, front + b.side * 0.05F);
      rail.b.x = std::max(front, front + b.side * 0.05F);
      out.push_back(rail);
    }
  }
}

}  // namespace

void add_buildings(Stage& stage, float from_m) {
  const Street& street = stage.street;
  for (std::size_t i = 0; i < street.buildings.size(); ++i) {
    const Building& b = street.buildings[i];
    if (b.z1 < from_m || b.z0 > from_m + kFarM) continue;
    Primitive body = on_facade(b, {0, 0, b.z0}, {0, b.height, b.z1}, -b.depth);
    body.material = Material::kFacade;
    body.item = static_cast<int>(i);
    stage.primitives.push_back(body);
    if (b.cornice) {
      Primitive cornice = on_facade(b, {0, b.height - 0.28F, b.z0 - 0.02F},
                                    {0, b.height + 0.1F, b.z1 + 0.02F}, 0.38F);
      cornice.material = Material::kTrim;
      cornice.color = b.trim;
      stage.primitives.push_back(cornice);
    }
    if (b.awning) {
      Primitive awning = on_facade(b, {0, b.ground_m - 1.25F, b.z0 + 0.5F},
                                   {0, b.ground_m - 0.95F, b.z1 - 0.5F}, 1.15F);
      awning.material = Material::kAwning;
      awning.color = b.shop_color * 1.6F;
      stage.primitives.push_back(awning);
    }
    // Beyond this a balcony is less than a pixel deep.
    if (b.balconies && b.z0 < from_m + 260) add_balconies(stage.primitives, b);
    if (!b.background && (b.hash & 16U) != 0) {
      Primitive chimney =
          on_facade(b, {0, b.height, b.z0 + 1}, {0, b.height + 1.3F, b.z0 + 1.9F}, -4);
      chimney.a.x = b.side * (b.x0 + 3.5F) - 0.4F;
      chimney.b.x = chimney.a.x + 0.8F;
      chimney.material = Material::kTrim;
      chimney.color = {0.34F, 0.20F, 0.15F};
      stage.primitives.push_back(chimney);
    }
  }
}

}  // namespace pluvia::synth::scenes
