// SPDX-License-Identifier: Apache-2.0
// What a frame is built of: boxes, spheres of leaves, capsules, convex hulls and wheels, each with
// the displacement of its points until the next frame.
#pragma once

#include <cstdint>
#include <vector>

#include "synth/scenes/geometry.h"
#include "synth/scenes/noise.h"

namespace pluvia::synth::scenes {

enum class Shape : std::uint8_t { kBox, kLeaves, kCapsule, kHull, kWheel };
enum class Material : std::uint8_t {
  kFacade,
  kTrim,
  kRail,
  kAwning,
  kLeaves,
  kBark,
  kMatte,
  kLampGlass,  ///< its colour is the light it gives
  kCarBody,
  kCarCabin,
  kWheel,
};

/// A half space n . p <= d in the frame of its hull.
struct Plane {
  Vec n;
  float d;
};

struct Hull {
  std::vector<Plane> planes;
  float rounding_m = 0.05F;  ///< how far from an edge the normal starts to turn
};

struct Primitive {
  Shape shape = Shape::kBox;
  Material material = Material::kMatte;
  float radius = 0;
  float extent = 0;   ///< of what it is part of: the radius of a crown
  float heading = 1;  ///< hulls and wheels: 1 faces forward along the street, -1 back
  Vec a;              ///< low corner, centre, first end or origin
  Vec b;              ///< high corner, second end, hull half extents, or middle of the crown
  Vec motion_a;       ///< displacement to the next frame, of all or of the first end
  Vec motion_b;       ///< of a capsule's second end
  Rgb color;
  std::uint32_t hash = 0;
  int item = -1;  ///< building or car that it belongs to
  const Hull* hull = nullptr;
};

struct Ray {
  Vec origin;
  Vec direction;
};

struct Crossing {
  float t = -1;  ///< in lengths of the ray's direction; negative: missed
  int face = 0;
};

/// The first point in front of the ray's origin. `leaves` decides where crowns are open; `width_m`
/// is the width of a pixel at distance 1.
Crossing cross(const Primitive& primitive, const Ray& ray, const NoiseMap& leaves, float width);

/// Where on its pattern of leaves a point lies, seen from the middle of a sphere: the flat
/// coordinates of the side of a cube that faces it.
struct LeafPoint {
  float u, v;
};
LeafPoint leaf_point(Vec from_middle, std::uint32_t hash);

/// Corners of a box around the primitive.
void bounds(const Primitive& primitive, Vec& low, Vec& high);

/// Outward unit normal at a point of a face.
Vec normal_at(const Primitive& primitive, int face, Vec p);

/// Local coordinates of hulls and wheels: x to the vehicle's right, z along its length.
inline Vec to_local(const Primitive& primitive, Vec p) {
  const Vec d = p - primitive.a;
  return {d.x * primitive.heading, d.y, d.z * primitive.heading};
}

}  // namespace pluvia::synth::scenes
