// SPDX-License-Identifier: Apache-2.0
// People on the pavements: a few capsules each, walking. One line of walkers a side and direction,
// all of a line equally fast, so that nobody walks through anybody.
#include "core/exact_math.h"
#include "synth/scenes/draw.h"
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

constexpr float kSpacing = 7;

constexpr Rgb kClothes[8] = {{0.05F, 0.06F, 0.09F}, {0.22F, 0.21F, 0.20F}, {0.40F, 0.10F, 0.08F},
                             {0.10F, 0.16F, 0.28F}, {0.45F, 0.40F, 0.32F}, {0.04F, 0.04F, 0.04F},
                             {0.50F, 0.42F, 0.12F}, {0.12F, 0.20F, 0.14F}};
constexpr Rgb kSkin[4] = {
    {0.52F, 0.34F, 0.25F}, {0.36F, 0.22F, 0.15F}, {0.18F, 0.11F, 0.08F}, {0.58F, 0.40F, 0.31F}};

struct Pose {
  Vec at;
  float heading;
  float swing;  ///< -1 to 1
};

/// Ends of the parts of a body: two legs, torso, two arms, head.
struct Limb {
  Vec a, b;
  float radius;
  int dress;  ///< 0 trousers, 1 coat, 2 skin, 3 hair
};

void body(const Pose& pose, float size, Limb (&limbs)[8]) {
  const auto at = [&](float x, float y, float forward) {
    return pose.at + Vec{x * size, y * size, forward * pose.heading * size};
  };
  const float s = 0.30F * pose.swing;
  const float knee = 0.06F;
  limbs[0] = {at(-0.09F, 0.90F, 0), at(-0.09F, 0.08F, s), 0.075F * size, 0};
  limbs[1] = {at(0.09F, 0.90F, 0), at(0.09F, 0.08F, -s), 0.075F * size, 0};
  limbs[2] = {at(0, 0.95F, 0), at(0, 1.36F, 0.02F), 0.165F * size, 1};
  limbs[3] = {at(-0.22F, 1.38F, 0), at(-0.25F, 0.88F, -0.75F * s + knee), 0.05F * size, 1};
  limbs[4] = {at(0.22F, 1.38F, 0), at(0.25F, 0.88F, 0.75F * s + knee), 0.05F * size, 1};
  limbs[5] = {at(-0.12F, 1.40F, 0), at(0.12F, 1.40F, 0), 0.085F * size, 1};
  limbs[6] = {at(0, 1.58F, 0.02F), at(0, 1.64F, 0.02F), 0.095F * size, 2};
  limbs[7] = {at(0, 1.62F, -0.03F), at(0, 1.67F, -0.02F), 0.105F * size, 3};
}

/// Pavement or road under a walker; from one to the other within a step.
float floor_under(const Street& street, float z) {
  int road = 0;
  for (int i = -8; i < 8; ++i) {
    road += street.crossing_at(z + 0.05F * static_cast<float>(i)) ? 1 : 0;
  }
  return 0.13F * static_cast<float>(16 - road) / 16;
}

void add_person(Stage& stage, const Pose& now, const Pose& then, std::uint32_t hash) {
  const float size = 0.94F + 0.12F * part(hash, 0);
  Limb limbs[8];
  Limb moved[8];
  body(now, size, limbs);
  body(then, size, moved);
  const Rgb dress[4] = {kClothes[hash % 6] * 0.8F, kClothes[(hash >> 8) % 8],
                        kSkin[(hash >> 12) % 4], Rgb{0.05F, 0.035F, 0.025F}};
  for (int i = 0; i < 8; ++i) {
    Primitive p;
    p.shape = Shape::kCapsule;
    p.material = Material::kMatte;
    p.a = limbs[i].a;
    p.b = limbs[i].b;
    p.radius = limbs[i].radius;
    p.motion_a = moved[i].a - limbs[i].a;
    p.motion_b = moved[i].b - limbs[i].b;
    p.color = dress[limbs[i].dress];
    stage.primitives.push_back(p);
  }
  stage.add_footprint({now.at.x, now.at.z, 0.2F, 0.2F, 1.1F});
}

}  // namespace

void add_people(Stage& stage, std::uint64_t seed, Vec camera, double time_s, double step_s) {
  const Street& street = stage.street;
  for (std::uint32_t line = 0; line < 4; ++line) {
    Draw common(seed, Purpose::kPerson, line);
    const float side = line < 2 ? -1.0F : 1.0F;
    const float heading = line % 2 == 0 ? -1.0F : 1.0F;
    const float speed = common.range(0.9F, 1.45F);
    const float crowd = common.range(0.15F, 0.6F);
    const float x =
        side * (street.half_road_m + street.pavement_m - (line % 2 == 0 ? 0.7F : 1.35F));
    const auto walked = [&](double time) { return heading * speed * static_cast<float>(time); };
    const float start = camera.z - 8 - walked(time_s);
    const int first = floor_int(start / kSpacing);
    for (int i = first; i < first + 24; ++i) {
      Draw draw(seed, Purpose::kPerson, 64 + 4 * static_cast<std::uint32_t>(i + (1 << 20)) + line);
      if (!draw.chance(crowd)) continue;
      const float z = (static_cast<float>(i) + draw.range(0, 0.8F)) * kSpacing;
      const float aside = draw.range(-0.2F, 0.2F);
      const double phase = static_cast<double>(draw.range(0, 1));
      const std::uint32_t hash = draw.word();
      const auto pose = [&](double time) {
        // A double step of 1.4 m.
        const double turns = static_cast<double>(speed) * time / 1.4 + phase;
        const float ahead = z + walked(time);
        return Pose{{x + aside, floor_under(street, ahead), ahead},
                    heading,
                    static_cast<float>(exact::sin_cos_turns(turns).sin)};
      };
      const Pose now = pose(time_s);
      const bool at_lens = length({now.at.x - camera.x, 0, now.at.z - camera.z}) < 0.5F;
      if (!at_lens) add_person(stage, now, pose(time_s + step_s), hash);
    }
  }
}

}  // namespace pluvia::synth::scenes
