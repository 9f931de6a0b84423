// SPDX-License-Identifier: Apache-2.0
// What stands at crossings: traffic lights on the right of each direction, green for the street,
// whose traffic never stops; and road signs.
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

constexpr float kFarM = 300;
constexpr Rgb kPaint{0.06F, 0.065F, 0.065F};

Primitive post(Vec foot, float height, float radius) {
  Primitive p;
  p.shape = Shape::kCapsule;
  p.a = foot;
  p.b = foot + Vec{0, height, 0};
  p.radius = radius;
  p.color = kPaint;
  return p;
}

Primitive box(Vec middle, Vec half, Rgb color) {
  Primitive p;
  p.a = middle - half;
  p.b = middle + half;
  p.color = color;
  return p;
}

/// `facing` is -1 when its lamps are seen by who drives forward.
void add_traffic_light(Stage& stage, Vec foot, float facing) {
  stage.primitives.push_back(post(foot, 3.3F, 0.06F));
  const Vec head = foot + Vec{0, 2.95F, 0.16F * facing};
  stage.primitives.push_back(box(head, {0.15F, 0.46F, 0.10F}, {0.02F, 0.02F, 0.02F}));
  const Rgb dark{0.03F, 0.03F, 0.03F};
  const Rgb green{0.15F, 1.4F, 0.75F};
  for (int i = 0; i < 3; ++i) {
    Primitive lamp =
        post(head + Vec{0, 0.28F * static_cast<float>(1 - i), 0.08F * facing}, 0, 0.1F);
    lamp.b.y += 0.002F;
    lamp.material = Material::kLampGlass;
    lamp.color = i == 2 ? green : dark;
    stage.primitives.push_back(lamp);
  }
}

void add_sign(Stage& stage, Vec foot, std::uint32_t hash) {
  stage.primitives.push_back(post(foot, 2.7F, 0.03F));
  const Rgb faces[3] = {{0.05F, 0.16F, 0.50F}, {0.62F, 0.05F, 0.05F}, {0.60F, 0.48F, 0.05F}};
  const Rgb color = faces[hash % 3];
  const Vec middle = foot + Vec{0, 2.45F, -0.05F};
  stage.primitives.push_back(box(middle, {0.27F, 0.27F, 0.015F}, color));
  const Vec inner = hash % 3 == 0 ? Vec{0.08F, 0.19F, 0.017F} : Vec{0.18F, 0.06F, 0.017F};
  stage.primitives.push_back(box(middle, inner, {0.75F, 0.75F, 0.73F}));
}

}  // namespace

void add_signs(Stage& stage, float from_m) {
  const Street& street = stage.street;
  const float kerb = street.half_road_m + 0.45F;
  for (const Corner& corner : street.corners) {
    if (corner.z < from_m || corner.z > from_m + kFarM) continue;
    const float z = corner.z;
    if (corner.lights) {
      // Before the crossing on our right, after it on the left for those who come towards us.
      if (corner.ends_block) add_traffic_light(stage, {kerb, 0.1F, z - 0.9F}, -1);
      if (!corner.ends_block) add_traffic_light(stage, {-kerb, 0.1F, z + 0.9F}, 1);
    } else {
      add_sign(stage, {corner.ends_block ? kerb : -kerb, 0.1F, z}, corner.hash);
    }
    add_sign(stage, {kerb, 0.1F, z + (corner.ends_block ? -24.0F : 9.0F)}, corner.hash >> 8);
  }
}

}  // namespace pluvia::synth::scenes
