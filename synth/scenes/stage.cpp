// SPDX-License-Identifier: Apache-2.0
// Contact shadows and cast shadows of cars and people, as soft rectangles on the ground.
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

constexpr float kCellM = 8;

// Distance from a rectangle about the origin, 0 inside.
float outside(float x, float z, float half_x, float half_z) {
  const float dx = std::max(std::fabs(x) - half_x, 0.0F);
  const float dz = std::max(std::fabs(z) - half_z, 0.0F);
  return std::sqrt(dx * dx + dz * dz);
}

}  // namespace

void Stage::add_footprint(const Footprint& f) {
  const float reach = f.half_z + 4.5F;
  const int number = static_cast<int>(footprints.size());
  footprints.push_back(f);
  const int first = floor_int((f.z - reach) / kCellM);
  const int last = floor_int((f.z + reach) / kCellM);
  for (int cell = first; cell <= last; ++cell) near[cell].push_back(number);
}

void Stage::shade_ground(Vec p, float& open, float& lit) const {
  const auto found = near.find(floor_int(p.z / kCellM));
  if (found == near.end()) return;
  const Vec& s = street.light.to_sun;
  for (const int number : found->second) {
    const Footprint& f = footprints[static_cast<std::size_t>(number)];
    const float dx = p.x - f.x;
    const float dz = p.z - f.z;
    const float contact = outside(dx, dz, f.half_x - 0.08F, f.half_z - 0.12F);
    open *= 1 - 0.82F * smooth(0.55F * f.height, 0, contact);
    // The rectangle lifted to half its height and seen from the sun; long shadows are cut.
    const float climb = std::min(0.55F * f.height / s.y, 2.6F);
    const float cast = outside(dx + 0.5F * s.x * climb, dz + 0.5F * s.z * climb,
                               f.half_x + 0.45F * std::fabs(s.x) * climb,
                               f.half_z + 0.45F * std::fabs(s.z) * climb);
    lit *= smooth(0.0F, 0.16F + 2 * street.light.penumbra, cast);
  }
}

}  // namespace pluvia::synth::scenes
