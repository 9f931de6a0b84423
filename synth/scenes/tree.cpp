// SPDX-License-Identifier: Apache-2.0
// Street trees: a trunk, a few boughs, and a crown of spheres whose surface is a sieve of leaves.
// Crowns sway a little in the wind. Lamp posts stand between them.
#include "core/exact_math.h"
#include "synth/scenes/draw.h"
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

constexpr int kBlobs = 44;
constexpr float kFarM = 440;

float sway(const Tree& tree, int blob, double time_s) {
  const double phase = static_cast<double>(part(tree.hash, 0)) + 0.13 * blob;
  return 0.025F * static_cast<float>(exact::sin_cos_turns(0.31 * time_s + phase).sin);
}

Primitive capsule(Vec a, Vec b, float radius, Material material, Rgb color) {
  Primitive p;
  p.shape = Shape::kCapsule;
  p.material = material;
  p.a = a;
  p.b = b;
  p.radius = radius;
  p.color = color;
  return p;
}

void add_crown(Stage& stage, const Tree& tree, Vec centre, double time_s, double step_s) {
  for (int i = 0; i < kBlobs; ++i) {
    const std::uint32_t h = cell_hash(i, 31, tree.hash);
    // Evenly over a ball, a little denser outside, where leaves are.
    const float up = 2 * (static_cast<float>(i) + 0.5F) / kBlobs - 1;
    const float flat = std::sqrt(std::max(0.0F, 1 - up * up));
    const exact::SinCos turn =
        exact::sin_cos_turns(0.381966 * i + static_cast<double>(part(tree.hash, 1)));
    const float reach = tree.crown * (0.42F + 0.50F * part(h, 0));
    const Vec off{flat * static_cast<float>(turn.cos) * reach, up * reach * 1.05F,
                  flat * static_cast<float>(turn.sin) * reach};
    Primitive p;
    p.shape = Shape::kLeaves;
    p.material = Material::kLeaves;
    p.radius = tree.crown * (0.22F + 0.20F * part(h, 1));
    const float now = sway(tree, i, time_s);
    p.a = centre + off + Vec{now, 0, 0.6F * now};
    const float change = sway(tree, i, time_s + step_s) - now;
    p.motion_a = {change, 0, 0.6F * change};
    p.color = tree.leaf * (0.8F + 0.4F * part(h, 2));
    p.hash = h;
    p.b = centre;
    p.extent = 1.1F * tree.crown;
    stage.primitives.push_back(p);
  }
}

}  // namespace

void add_trees(Stage& stage, float from_m, double time_s, double step_s) {
  for (const Tree& planted : stage.street.trees) {
    const float away = planted.base.z - from_m;
    if (away < 0 || away > kFarM) continue;
    // The farthest grow out of the ground by degrees, so that none appears at once.
    const float grown = smooth(kFarM, 0.75F * kFarM, away);
    Tree tree = planted;
    tree.height *= grown;
    tree.crown *= grown;
    const Rgb bark{0.12F, 0.095F, 0.075F};
    const Vec centre = tree.base + Vec{0, tree.height - tree.crown * 1.1F, 0};
    const float lean = 0.3F * (part(tree.hash, 2) - 0.5F);
    const Vec fork = tree.base + Vec{lean, tree.height - tree.crown * 1.9F, 0.5F * lean};
    stage.primitives.push_back(
        capsule(tree.base, fork, 0.10F + 0.05F * part(tree.hash, 3), Material::kBark, bark));
    for (int i = 0; i < 3; ++i) {
      const float side = static_cast<float>(i - 1) * 0.45F * tree.crown;
      const Vec end = centre + Vec{side, 0.2F * tree.crown, (i == 1 ? 0.4F : -0.2F) * tree.crown};
      stage.primitives.push_back(capsule(fork, end, 0.055F, Material::kBark, bark));
    }
    add_crown(stage, tree, centre, time_s, step_s);
    stage.add_footprint({tree.base.x, tree.base.z, 0.2F, 0.2F, 0.6F});
  }
}

void add_lamps(Stage& stage, float from_m) {
  for (const Lamp& lamp : stage.street.lamps) {
    if (lamp.base.z < from_m || lamp.base.z > from_m + kFarM) continue;
    const Rgb paint{0.07F, 0.08F, 0.075F};
    const Vec top = lamp.base + Vec{0, 6.6F, 0};
    const Vec tip = top + Vec{-1.5F * lamp.side, 0.35F, 0};
    stage.primitives.push_back(capsule(lamp.base, top, 0.055F, Material::kMatte, paint));
    stage.primitives.push_back(
        capsule(lamp.base, lamp.base + Vec{0, 0.9F, 0}, 0.095F, Material::kMatte, paint));
    stage.primitives.push_back(capsule(top, tip, 0.04F, Material::kMatte, paint));
    Primitive head;
    head.a = tip + Vec{-0.35F, -0.07F, -0.13F};
    head.b = tip + Vec{0.35F, 0.06F, 0.13F};
    head.color = {0.25F, 0.26F, 0.27F};
    stage.primitives.push_back(head);
    head.a = tip + Vec{-0.28F, -0.1F, -0.09F};
    head.b = tip + Vec{0.28F, -0.06F, 0.09F};
    head.material = Material::kLampGlass;
    head.color = stage.street.night ? Rgb{5, 4, 2.6F} : stage.street.light.ambient * 0.45F;
    stage.primitives.push_back(head);
    stage.add_footprint({lamp.base.x, lamp.base.z, 0.1F, 0.1F, 0.4F});
  }
}

Rgb shade_leaves(const Stage& stage, const Hit& hit) {
  const Street& street = stage.street;
  const Primitive& p = *hit.primitive;
  const float w = hit.depth * 0.0012F;
  const Vec from_middle = hit.p - p.b;
  const Vec outward = normalized(from_middle);
  const Vec n = normalized(hit.n + outward * 0.9F);
  const LeafPoint at = leaf_point(hit.p - p.a, p.hash);
  const float leaf = street.textures.white.at(at.u * 12, at.v * 12, std::max(0.7F, w * 12));
  const float clump = street.textures.fractal.at(at.u * 30, at.v * 30, std::max(1.0F, w * 30));
  const float speck = street.textures.white.at(at.v * 31, at.u * 31, std::max(0.7F, w * 31)) - 0.5F;
  Rgb albedo = p.color * (0.30F + 0.8F * leaf + 0.6F * clump + 0.5F * speck);
  albedo = mix(albedo, Rgb{albedo.g, albedo.g, albedo.g * 0.25F}, 0.25F * leaf);
  // Deep inside and below, leaves stand in the shade of others.
  const float depth_in = clamp01(length(from_middle) / p.extent);
  const float open = (0.15F + 0.65F * depth_in) * (0.62F + 0.38F * n.y);
  const float lit = street.sun_seen(hit.p, 0.5F, false) * (0.25F + 0.75F * depth_in);
  const Light& light = street.light;
  const float wrap = clamp01(0.35F + 0.65F * dot(n, light.to_sun));
  const float through = clamp01(dot(hit.view, light.to_sun)) * 0.55F;
  const Rgb warm{albedo.r * 1.3F, albedo.g * 1.25F, albedo.b * 0.7F};
  return albedo * light.sun * (wrap * wrap * lit) + warm * light.sun * (through * lit) +
         albedo * light.ambient * open + albedo * light.bounce * 0.5F;
}

}  // namespace pluvia::synth::scenes
