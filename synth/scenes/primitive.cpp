// SPDX-License-Identifier: Apache-2.0
// Rays against primitives. Quadratics are solved about the point of the ray nearest to the shape:
// in single precision, thin poles far away would be lost otherwise.
#include "synth/scenes/primitive.h"

namespace pluvia::synth::scenes {
namespace {

Crossing cross_box(const Primitive& p, const Ray& ray) {
  float enter = 0;
  float leave = 1e30F;
  int face = -1;
  const auto slab = [&](float low, float high, float origin, float direction, int axis) {
    const float inverse = 1 / (std::fabs(direction) < 1e-9F ? 1e-9F : direction);
    const float t0 = (low - origin) * inverse;
    const float t1 = (high - origin) * inverse;
    const float near = std::min(t0, t1);
    if (near > enter) {
      enter = near;
      face = 2 * axis + (inverse > 0 ? 0 : 1);
    }
    leave = std::min(leave, std::max(t0, t1));
  };
  slab(p.a.x, p.b.x, ray.origin.x, ray.direction.x, 0);
  slab(p.a.z, p.b.z, ray.origin.z, ray.direction.z, 2);
  slab(p.a.y, p.b.y, ray.origin.y, ray.direction.y, 1);
  return face >= 0 && enter < leave ? Crossing{enter, face} : Crossing{};
}

Crossing cross_leaves(const Primitive& p, const Ray& ray, const NoiseMap& leaves, float width) {
  const Vec& d = ray.direction;
  const float dd = dot(d, d);
  const float middle = dot(p.a - ray.origin, d) / dd;
  if (middle <= 0) return {};
  const Vec miss = ray.origin + d * middle - p.a;
  const float inside = p.radius * p.radius - dot(miss, miss);
  if (inside <= 0) return {};
  const float t = middle - std::sqrt(inside / dd);
  if (t <= 0.05F) return {};
  const Vec q = ray.origin + d * t - p.a;
  const float facing = inside / (p.radius * p.radius);  // 1 in the middle, 0 at the rim
  // A metre has 12 texels: leaves of about 8 cm. Clumps open larger gaps.
  const LeafPoint at = leaf_point(q, p.hash);
  const float enough = 0.20F + 0.62F * facing;
  const float fine = 0.62F * leaves.at(at.u * 12, at.v * 12, t * width * 12);
  // Noise lies between 0 and 1: often the first half decides.
  if (fine >= enough) return {};
  if (fine + 0.38F < enough) return {t, 0};
  const float coarse = 0.38F * leaves.at(at.u * 4 + 50, at.v * 4, t * width * 4);
  return fine + coarse < enough ? Crossing{t, 0} : Crossing{};
}

Crossing cross_capsule(const Primitive& p, const Ray& ray) {
  const Vec& d = ray.direction;
  const float dd = dot(d, d);
  const Vec centre = (p.a + p.b) * 0.5F;
  const float shift = dot(centre - ray.origin, d) / dd;
  const Vec o = ray.origin + d * shift;
  const Vec ba = p.b - p.a;
  const Vec oa = o - p.a;
  const float r2 = p.radius * p.radius;
  const float baba = dot(ba, ba);
  const float bard = dot(ba, d);
  const float baoa = dot(ba, oa);
  const float a = dd * baba - bard * bard;
  const float b = baba * dot(d, oa) - baoa * bard;
  const float h = b * b - a * (baba * dot(oa, oa) - baoa * baoa - r2 * baba);
  if (h < 0) return {};
  const float t = (-b - std::sqrt(h)) / std::max(a, 1e-12F);
  const float along = baoa + t * bard;
  if (along > 0 && along < baba) return shift + t > 0.02F ? Crossing{shift + t, 0} : Crossing{};
  const Vec oc = along <= 0 ? oa : o - p.b;
  const float bc = dot(d, oc);
  const float hc = bc * bc - dd * (dot(oc, oc) - r2);
  if (hc <= 0) return {};
  const float cap = shift + (-bc - std::sqrt(hc)) / dd;
  return cap > 0.02F ? Crossing{cap, 0} : Crossing{};
}

Crossing cross_hull(const Primitive& p, const Ray& ray) {
  const Vec o = to_local(p, ray.origin);
  const Vec d{ray.direction.x * p.heading, ray.direction.y, ray.direction.z * p.heading};
  float enter = 0;
  float leave = 1e30F;
  int face = -1;
  for (std::size_t i = 0; i < p.hull->planes.size(); ++i) {
    const Plane& plane = p.hull->planes[i];
    const float speed = dot(plane.n, d);
    const float gap = plane.d - dot(plane.n, o);
    if (std::fabs(speed) < 1e-9F) {
      if (gap < 0) return {};
      continue;
    }
    const float t = gap / speed;
    if (speed > 0) {
      leave = std::min(leave, t);
    } else if (t > enter) {
      enter = t;
      face = static_cast<int>(i);
    }
    if (enter >= leave) return {};
  }
  return face >= 0 ? Crossing{enter, face} : Crossing{};
}

Crossing cross_wheel(const Primitive& p, const Ray& ray) {
  const Vec o = ray.origin - p.a;
  const Vec& d = ray.direction;
  Crossing found;
  // The flat side that faces the ray, then the tread.
  if (std::fabs(d.x) > 1e-9F) {
    const float t = ((d.x > 0 ? -p.b.x : p.b.x) - o.x) / d.x;
    const float y = o.y + d.y * t;
    const float z = o.z + d.z * t;
    if (t > 0 && y * y + z * z < p.radius * p.radius) found = {t, 0};
  }
  const float a = d.y * d.y + d.z * d.z;
  const float shift = -(o.y * d.y + o.z * d.z) / std::max(a, 1e-12F);
  const float y = o.y + d.y * shift;
  const float z = o.z + d.z * shift;
  const float inside = p.radius * p.radius - y * y - z * z;
  if (inside > 0) {
    const float t = shift - std::sqrt(inside / std::max(a, 1e-12F));
    const float x = o.x + d.x * t;
    if (t > 0 && std::fabs(x) <= p.b.x && (found.t < 0 || t < found.t)) found = {t, 1};
  }
  return found;
}

Vec hull_normal(const Primitive& p, int face, Vec point) {
  const Vec q = to_local(p, point);
  const auto& planes = p.hull->planes;
  Vec n = planes[static_cast<std::size_t>(face)].n;
  for (std::size_t i = 0; i < planes.size(); ++i) {
    if (static_cast<int>(i) == face) continue;
    const float gap = planes[i].d - dot(planes[i].n, q);
    const float weight = std::max(0.0F, 1 - gap / p.hull->rounding_m);
    n = n + planes[i].n * (weight * weight);
  }
  return normalized({n.x * p.heading, n.y, n.z * p.heading});
}

}  // namespace

LeafPoint leaf_point(Vec q, std::uint32_t hash) {
  const float ax = std::fabs(q.x);
  const float ay = std::fabs(q.y);
  const float az = std::fabs(q.z);
  const float u0 = part(hash, 0) * 20;
  const float v0 = part(hash, 1) * 20;
  if (ax >= ay && ax >= az) return {q.z + u0, q.y + v0};
  if (ay >= az) return {q.x + u0 + 7, q.z + v0};
  return {q.x + u0, q.y + v0 + 11};
}

Crossing cross(const Primitive& primitive, const Ray& ray, const NoiseMap& leaves, float width) {
  switch (primitive.shape) {
    case Shape::kBox:
      return cross_box(primitive, ray);
    case Shape::kLeaves:
      return cross_leaves(primitive, ray, leaves, width);
    case Shape::kCapsule:
      return cross_capsule(primitive, ray);
    case Shape::kHull:
      return cross_hull(primitive, ray);
    case Shape::kWheel:
      return cross_wheel(primitive, ray);
  }
  return {};
}

void bounds(const Primitive& p, Vec& low, Vec& high) {
  if (p.shape == Shape::kBox) {
    low = p.a;
    high = p.b;
    return;
  }
  if (p.shape == Shape::kHull) {
    low = {p.a.x - p.b.x, p.a.y, p.a.z - p.b.z};
    high = {p.a.x + p.b.x, p.a.y + p.b.y, p.a.z + p.b.z};
    return;
  }
  const Vec other = p.shape == Shape::kCapsule ? p.b : p.a;
  const Vec reach{p.shape == Shape::kWheel ? p.b.x : p.radius, p.radius, p.radius};
  low = Vec{std::min(p.a.x, other.x), std::min(p.a.y, other.y), std::min(p.a.z, other.z)} - reach;
  high = Vec{std::max(p.a.x, other.x), std::max(p.a.y, other.y), std::max(p.a.z, other.z)} + reach;
}

Vec normal_at(const Primitive& p, int face, Vec point) {
  switch (p.shape) {
    case Shape::kBox: {
      const float sign = face % 2 == 0 ? -1.0F : 1.0F;
      return face / 2 == 0 ? Vec{sign, 0, 0} : face / 2 == 1 ? Vec{0, sign, 0} : Vec{0, 0, sign};
    }
    case Shape::kLeaves:
      return normalized(point - p.a);
    case Shape::kCapsule: {
      const Vec ba = p.b - p.a;
      const float along = clamp01(dot(point - p.a, ba) / std::max(dot(ba, ba), 1e-12F));
      return normalized(point - (p.a + ba * along));
    }
    case Shape::kHull:
      return hull_normal(p, face, point);
    case Shape::kWheel: {
      const Vec d = point - p.a;
      return face == 0 ? Vec{d.x < 0 ? -1.0F : 1.0F, 0, 0} : normalized({0, d.y, d.z});
    }
  }
  return {};
}

}  // namespace pluvia::synth::scenes
