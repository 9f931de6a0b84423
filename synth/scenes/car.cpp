// SPDX-License-Identifier: Apache-2.0
// Cars: shapes, placing, paint, glass, lamps, wheels.
#include "synth/scenes/filter.h"
#include "synth/scenes/stage.h"

namespace pluvia::synth::scenes {
namespace {

constexpr Rgb kPaints[9] = {{0.62F, 0.63F, 0.64F}, {0.30F, 0.31F, 0.33F}, {0.035F, 0.035F, 0.04F},
                            {0.80F, 0.80F, 0.78F}, {0.07F, 0.11F, 0.24F}, {0.36F, 0.03F, 0.03F},
                            {0.12F, 0.13F, 0.14F}, {0.10F, 0.18F, 0.14F}, {0.50F, 0.44F, 0.34F}};

Plane through(Vec n, Vec point) {
  const Vec unit = normalized(n);
  return {unit, dot(unit, point)};
}

Hull body_of(const CarModel& m) {
  const float l = m.length / 2;
  const float w = m.width / 2;
  Hull hull;
  auto& planes = hull.planes;
  planes.push_back(through({0, -1, 0}, {0, 0.19F, 0}));
  planes.push_back(through({0, 1, 0}, {0, m.belt, 0}));
  const float run = l - 0.1F - m.screen_foot;
  planes.push_back(through({0, run, m.belt - m.nose}, {0, m.belt, m.screen_foot}));
  for (const float end : {1.0F, -1.0F}) {
    planes.push_back(through({0, 0.30F, end}, {0, 0.52F, end * l}));
    planes.push_back(through({0, -0.30F, end}, {0, 0.52F, end * l}));
    for (const float side : {1.0F, -1.0F}) {
      planes.push_back(
          through({side * 0.8F, 0, end * 0.6F}, {side * (w - 0.13F), 0, end * (l - 0.05F)}));
      planes.push_back(through({side * 0.35F, 0, end}, {side * (w - 0.4F), 0, end * l}));
    }
  }
  for (const float side : {1.0F, -1.0F}) {
    planes.push_back(through({side, 0.16F, 0}, {side * w, 0.58F, 0}));
    planes.push_back(through({side, -0.12F, 0}, {side * w, 0.58F, 0}));
    planes.push_back(through({side, 1.1F, 0}, {side * (w - 0.09F), m.belt - 0.01F, 0}));
  }
  hull.rounding_m = 0.12F;
  return hull;
}

Hull cabin_of(const CarModel& m) {
  const float w = m.width / 2;
  const float rise = m.height - m.belt;
  const float waist = w - 0.09F;
  const float roof = w - 0.09F - 0.26F * rise;
  Hull hull;
  auto& planes = hull.planes;
  planes.push_back(through({0, m.screen_foot - m.screen_top, rise}, {0, m.belt, m.screen_foot}));
  planes.push_back(through({0, m.rear_top - m.rear_foot, -rise}, {0, m.belt, m.rear_foot}));
  planes.push_back(through({0, 1, 0}, {0, m.height, 0}));
  for (const float side : {-1.0F, 1.0F}) {
    planes.push_back(through({side * rise, waist - roof, 0}, {side * waist, m.belt, 0}));
  }
  for (const float side : {-1.0F, 1.0F}) {
    planes.push_back(through({side * 0.8F, 1, 0}, {side * (roof - 0.04F), m.height - 0.03F, 0}));
    planes.push_back(through({side * 0.5F, rise, rise},
                             {side * (waist - 0.10F), m.belt, m.screen_foot - 0.02F}));
  }
  planes.push_back(through({0, 1, 0.22F}, {0, m.height - 0.02F, m.screen_top + 0.1F}));
  planes.push_back(through({0, 1, -0.22F}, {0, m.height - 0.02F, m.rear_top - 0.1F}));
  planes.push_back(through({0, -1, 0}, {0, m.belt - 0.12F, 0}));
  hull.rounding_m = 0.05F;
  return hull;
}

/// Softened step: how far inside [a, b] a coordinate lies, for pixels of width w.
float within_range(float x, float a, float b, float w) {
  return pulse(x, std::max(w, 0.012F), a, b);
}

Rgb side_of_body(const CarModel& m, Vec q, float w, Rgb paint) {
  Rgb color = paint;
  const float seams = within_range(q.z, 0.62F, 0.635F, w) + within_range(q.z, -0.45F, -0.435F, w);
  color = color * (1 - 0.75F * clamp01(seams) * within_range(q.y, 0.32F, m.belt, w));
  const float handles = within_range(q.z, -0.36F, -0.18F, w) + within_range(q.z, -1.32F, -1.14F, w);
  color = color * (1 - 0.5F * handles * within_range(q.y, m.belt - 0.17F, m.belt - 0.13F, w));
  color = mix(color, {0.02F, 0.02F, 0.022F}, within_range(q.y, 0, 0.31F, w));
  for (const float axle : {m.axle(), -m.axle()}) {
    const float r = std::sqrt((q.z - axle) * (q.z - axle) + (q.y - m.wheel) * (q.y - m.wheel));
    color = mix(color, {0.012F, 0.012F, 0.012F}, smooth(m.wheel + 0.075F + w, m.wheel + 0.05F, r));
  }
  return color;
}

Rgb end_of_body(const CarModel& m, Vec q, float w, Rgb paint, float& lamp) {
  const bool front = q.z > 0;
  Rgb color = paint;
  const float ax = std::fabs(q.x);
  const float half = m.width / 2;
  const float plate = within_range(ax, -0.26F, 0.26F, w);
  color = mix(color, {0.03F, 0.03F, 0.032F}, within_range(q.y, 0, 0.36F, w));
  const float lamp_y = front ? m.nose - 0.16F : m.belt - 0.30F;
  const float lamp_h = front ? 0.13F : 0.20F;
  lamp = within_range(ax, half - (front ? 0.46F : 0.34F), half + 0.1F, w) *
         within_range(q.y, lamp_y, lamp_y + lamp_h, w);
  if (front) {
    const float bars = 0.5F + 0.5F * periodic_pulse(q.y, w, 0.045F, 0, 0.02F);
    const float grille = within_range(ax, -0.1F, half - 0.5F, w) *
                         within_range(q.y, lamp_y - 0.02F, lamp_y + 0.12F, w);
    color = mix(color, Rgb{0.05F, 0.05F, 0.055F} * bars, grille);
    color = mix(color, {0.03F, 0.03F, 0.03F},
                within_range(ax, -0.1F, half - 0.35F, w) * within_range(q.y, 0.26F, 0.40F, w));
    color = mix(color, {0.85F, 0.86F, 0.84F}, lamp);
    return mix(color, {0.72F, 0.72F, 0.68F}, plate * within_range(q.y, 0.42F, 0.53F, w));
  }
  color = mix(color, {0.42F, 0.015F, 0.012F}, lamp);
  color = color * (1 - 0.5F * within_range(q.y, 0.58F, 0.595F, w));
  return mix(color, {0.72F, 0.70F, 0.60F}, plate * within_range(q.y, 0.64F, 0.75F, w));
}

/// Share of glass at a point of the cabin.
float cabin_glass(const CarModel& m, int face, Vec q, float w) {
  if (face == kScreen || face == kRearWindow) {
    const float up = (q.y - m.belt) / (m.height - m.belt);
    const float half = m.width / 2 - 0.15F - 0.24F * (q.y - m.belt);
    return within_range(std::fabs(q.x), -0.1F, half, w) *
           within_range(up, face == kScreen ? -0.2F : 0.1F, 0.93F, w);
  }
  if (face != kLeftSide && face != kRightSide) return 0;
  const float up = clamp01((q.y - m.belt) / (m.height - m.belt));
  const float front = mix(m.screen_foot, m.screen_top, up) - 0.13F;
  const float rear = mix(m.rear_foot, m.rear_top, up) + 0.20F;
  const float inside =
      within_range(q.z, rear, front, w) * within_range(q.y, m.belt + 0.01F, m.height - 0.1F, w);
  return inside * (1 - within_range(q.z, -0.50F, -0.40F, w));
}

}  // namespace

Fleet::Fleet() {
  models_ = {{4.05F, 1.76F, 1.47F, 0.92F, 0.72F, 0.98F, 0.28F, -1.86F, -1.46F, 0.31F, {}, {}},
             {4.60F, 1.80F, 1.44F, 0.92F, 0.70F, 0.92F, 0.15F, -1.70F, -1.00F, 0.32F, {}, {}},
             {4.45F, 1.86F, 1.68F, 1.06F, 0.88F, 1.02F, 0.38F, -2.02F, -1.62F, 0.36F, {}, {}},
             {4.70F, 1.80F, 1.48F, 0.93F, 0.72F, 0.98F, 0.20F, -2.18F, -1.80F, 0.32F, {}, {}},
             {4.05F, 1.74F, 1.50F, 0.95F, 0.76F, 1.08F, 0.38F, -1.88F, -1.56F, 0.31F, {}, {}},
             {5.00F, 1.94F, 2.05F, 1.12F, 0.95F, 1.82F, 1.12F, -2.44F, -2.34F, 0.34F, {}, {}}};
  for (CarModel& model : models_) {
    model.body = body_of(model);
    model.cabin = cabin_of(model);
  }
}

void add_car(Stage& stage, Vec at, float heading, std::uint32_t hash, Vec motion) {
  const CarModel& m = stage.fleet.model(hash >> 4);
  Primitive p;
  p.shape = Shape::kHull;
  p.a = at;
  p.b = {m.width / 2, m.height, m.length / 2};
  p.heading = heading;
  p.motion_a = motion;
  p.hash = hash;
  p.color = kPaints[(hash >> 12) % 9] * (0.85F + 0.3F * part(hash, 3));
  p.material = Material::kCarBody;
  p.hull = &m.body;
  stage.primitives.push_back(p);
  p.material = Material::kCarCabin;
  p.hull = &m.cabin;
  stage.primitives.push_back(p);
  p.shape = Shape::kWheel;
  p.material = Material::kWheel;
  p.radius = m.wheel;
  for (const float side : {-1.0F, 1.0F}) {
    for (const float axle : {m.axle(), -m.axle()}) {
      p.a = at + Vec{side * (m.width / 2 - 0.105F), m.wheel, axle * heading};
      p.b = {0.11F, 0, 0};
      stage.primitives.push_back(p);
    }
  }
  for (const float side : {-1.0F, 1.0F}) {
    Primitive mirror;
    const Vec middle =
        at + Vec{side * (m.width / 2 + 0.05F), m.belt + 0.08F, (m.screen_foot - 0.3F) * heading};
    mirror.a = middle - Vec{0.1F, 0.07F, 0.05F};
    mirror.b = middle + Vec{0.1F, 0.07F, 0.05F};
    mirror.color = p.color * 0.7F;
    mirror.motion_a = motion;
    stage.primitives.push_back(mirror);
  }
  stage.add_footprint({at.x, at.z, m.width / 2, m.length / 2, m.height * 0.75F});
}

Rgb shade_car(const Stage& stage, const Hit& hit) {
  const Street& street = stage.street;
  const Primitive& p = *hit.primitive;
  const CarModel& m = stage.fleet.model(p.hash >> 4);
  const Vec q = to_local(p, hit.p);
  const float w = hit.depth * 0.0016F;
  const float lit = street.sun_seen(hit.p, 0.1F, true);
  const float open = 0.45F + 0.35F * clamp01(q.y);
  const float facing = clamp01(-dot(hit.view, hit.n));
  const float turned = 1 - facing;
  const float t2 = turned * turned;
  float mirror = 0.05F + 0.6F * t2 * t2;
  Rgb albedo = p.color;
  float pane = 0;
  float lamp = 0;
  if (p.material == Material::kCarCabin) {
    pane = cabin_glass(m, hit.face, q, w);
    mirror = mix(mirror, 0.16F + 0.7F * t2 * turned, pane);
    albedo = mix(albedo, {0.015F, 0.016F, 0.018F}, pane);
  } else if (std::fabs(hit.n.x) > 0.75F) {
    albedo = side_of_body(m, q, w, albedo);
  } else if (std::fabs(hit.n.z) > 0.5F && q.y < m.belt - 0.02F) {
    albedo = end_of_body(m, q, w, albedo, lamp);
  }
  const Vec r = reflected(hit.view, hit.n);
  // Windows show trees and houses, not a smooth gradient.
  const float world = street.textures.fractal.at(r.x * 70 + part(p.hash, 2) * 256 + q.z * 3,
                                                 r.y * 90 + q.x * 3, 1 + w * 40);
  mirror *= 1 + pane * 1.6F * (world - 0.5F);
  Rgb color = street.light.on(albedo, hit.n, lit, open) +
              street.light.surroundings(r) * (mirror * (q.y < 0.3F ? 0.2F : 1.0F));
  const float glint = clamp01(dot(r, street.light.to_sun));
  const float g8 = glint * glint * glint * glint * glint * glint * glint * glint;
  // Whoever drives by night has lamps on.
  const float on = street.night && p.motion_a.z != 0 ? lamp : 0;
  color = color + (q.z > 0 ? Rgb{4.5F, 4.3F, 3.8F} : Rgb{1.3F, 0.05F, 0.03F}) * hit.glow * on;
  return color + street.light.sun * (lit * (0.5F * g8 * g8 * g8 * g8 + 0.06F * g8));
}

Rgb shade_wheel(const Stage& stage, const Hit& hit) {
  const Primitive& p = *hit.primitive;
  const float w = hit.depth * 0.0016F;
  const Vec d = hit.p - p.a;
  const float r = std::sqrt(d.y * d.y + d.z * d.z) / p.radius;
  Rgb albedo{0.022F, 0.022F, 0.023F};
  if (hit.face == 0) {
    const float soft = std::max(w / p.radius, 0.03F);
    const float rim = smooth(0.68F + soft, 0.68F - soft, r);
    const float gap = smooth(0.30F - soft, 0.32F, r) * smooth(0.60F + soft, 0.58F, r);
    albedo = mix(albedo, mix(Rgb{0.34F, 0.34F, 0.35F}, Rgb{0.10F, 0.10F, 0.10F}, gap * 0.8F), rim);
  }
  const float lit =
      stage.street.sun_seen(hit.p, 0.1F, true) * (d.y > 0.5F * p.radius ? 0.2F : 0.8F);
  return stage.street.light.on(albedo, hit.n, lit, 0.35F);
}

}  // namespace pluvia::synth::scenes
