// SPDX-License-Identifier: Apache-2.0
// Drop optics against rays that are really traced: from the camera through a pane of glass, into
// the foot of a spherical cap and out of its face, found by intersecting the ray with the sphere;
// Snell's law in vectors, in double precision. The renderer works from the slope of the face alone.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "synth/effects/glass_face.h"
#include "tests/synth/pane_picture.h"

namespace pluvia::synth {
namespace {

constexpr double kDegree = 3.14159265358979323846 / 180;

struct Vec {
  double x, y, z;
};
Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vec operator*(Vec a, double s) { return {a.x * s, a.y * s, a.z * s}; }
double dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vec unit(Vec a) { return a * (1 / std::sqrt(dot(a, a))); }

/// `normal` against the ray; nothing when all is reflected.
std::optional<Vec> refracted(Vec ray, Vec normal, double ratio) {
  const double c = -dot(ray, normal);
  const double rest = 1 - ratio * ratio * (1 - c * c);
  if (rest < 0) return std::nullopt;
  return ray * ratio + normal * (ratio * c - std::sqrt(rest));
}

/// A pane whose far side is at z = distance, with a cap of foot radius `foot` on it, centred on the
/// axis; lengths in millimetres.
struct CapOnPane {
  double distance;
  double foot;
  double contact;
  double thickness = 4;

  double sphere() const { return foot / std::sin(contact); }

  /// Where a ray from the camera at the origin leaves; `at_foot` is where it enters the water.
  std::optional<Vec> trace(Vec sight, Vec* at_foot) const {
    const Vec towards{0, 0, -1};
    const Vec in_glass = *refracted(sight, towards, 1 / 1.5);
    const Vec enter = sight * ((distance - thickness) / sight.z);
    *at_foot = enter + in_glass * (thickness / in_glass.z);
    const Vec in_water = *refracted(in_glass, towards, 1.5 / 1.333);
    const Vec middle{0, 0, distance - sphere() * std::cos(contact)};
    const Vec from = *at_foot - middle;
    const double b = dot(from, in_water);
    const double root = std::sqrt(b * b - (dot(from, from) - sphere() * sphere()));
    const Vec face = *at_foot + in_water * (root - b);
    return refracted(in_water, unit(middle - face), 1.333);
  }
};

Lobe lobe_of(const CapOnPane& cap, double focal_px, double centre) {
  Lobe lobe;
  lobe.x = lobe.y = static_cast<float>(centre);
  lobe.radius_px = static_cast<float>(focal_px * cap.foot / cap.distance);
  lobe.sin_contact = static_cast<float>(std::sin(cap.contact));
  lobe.cos_contact = static_cast<float>(std::cos(cap.contact));
  return lobe;
}

TEST(GlassTrace, DirectionsOfAThinPaneAndAFlatCap) {
  // What the slope alone leaves out is the way within glass and water, which is of the order of the
  // cap's height over the camera's distance: a small cap far away shows the law by itself.
  const double focal = 1e6;
  for (const double degrees : {20.0, 35.0, 47.0}) {
    const CapOnPane cap{1e5, 1.0, degrees * kDegree, 1e-3};
    const Lobe lobe = lobe_of(cap, focal, 0);
    for (const double share : {-0.9, -0.5, 0.01, 0.3, 0.7, 0.95}) {
      const Vec sight = unit({share * cap.foot * 0.8, share * cap.foot * 0.6, cap.distance});
      Vec foot{};
      const std::optional<Vec> out = cap.trace(sight, &foot);
      const Vec face_at = foot;  // square sight: the face is met above the foot's point
      const auto px = static_cast<float>(focal * face_at.x / cap.distance);
      const auto py = static_cast<float>(focal * face_at.y / cap.distance);
      const Surface face = surface_of(lobe, px, py);
      const Look look = look_through(face, px, py, static_cast<float>(focal), 1);
      ASSERT_TRUE(out.has_value());
      ASSERT_GT(look.transmitted, 0);
      const Vec ours = unit({static_cast<double>(look.x), static_cast<double>(look.y), focal});
      const double sine = std::sqrt(dot(ours - *out, ours - *out));
      EXPECT_LT(sine / kDegree, 0.05) << degrees << " " << share;
    }
  }
}

TEST(GlassTrace, RingOfTotalReflection) {
  // Contact angles above 48.6 degrees have a dark rim; where it starts, along the picture's row.
  const double focal = 1000;
  for (const double degrees : {55.0, 65.0, 80.0}) {
    const CapOnPane cap{6000, 60, degrees * kDegree, 1e-3};
    const Lobe lobe = lobe_of(cap, focal, 0);
    double traced = 0;
    double drawn = 0;
    for (double x = 0.005; x < static_cast<double>(lobe.radius_px); x += 0.01) {
      Vec foot{};
      if (cap.trace(unit({x / focal, 0, 1}), &foot)) traced = x;
      const auto px = static_cast<float>(x);
      const Look look = look_through(surface_of(lobe, px, 0), px, 0, static_cast<float>(focal), 1);
      if (look.transmitted > 0) drawn = x;
    }
    EXPECT_LT(traced, 0.97 * static_cast<double>(lobe.radius_px)) << degrees;
    EXPECT_NEAR(drawn, traced, 0.5) << degrees;
  }
}

TEST(GlassTrace, ConstantSurroundings) {
  // R = T_F * const + what the rim reflects: T by Fresnel's formulas in angles.
  Image<std::uint8_t> clean(90, 90, 3);
  std::fill(clean.pixels().begin(), clean.pixels().end(), 188);
  const auto light = static_cast<double>(light_of_code(188));
  Lobe lobe;
  lobe.x = lobe.y = 45;
  lobe.radius_px = 40;
  lobe.sin_contact = static_cast<float>(std::sin(40 * kDegree));
  lobe.cos_contact = static_cast<float>(std::cos(40 * kDegree));
  const Image<float> drawn = pane_picture({&lobe, 1}, clean, 1e5, 0);
  const double sphere = 40 / std::sin(40 * kDegree);
  for (const int x : {45, 55, 65, 75, 82}) {
    const double water = std::asin((x + 0.5 - 45) / sphere);
    const double air = std::asin(1.333 * std::sin(water));
    const double s = std::sin(water - air) / std::sin(water + air);
    const double p = std::tan(water - air) / std::tan(water + air);
    const double flat = 1 - std::pow(0.333 / 2.333, 2);
    const double passes = flat * (1 - (s * s + p * p) / 2);
    const double falls = 0.5 / std::hypot(x + 0.5 - 45, 0.5);  // half a pixel below the middle
    const double expected = light * (passes + (1 - passes) * (0.3 + 0.18 * falls));
    EXPECT_NEAR(static_cast<double>(drawn.view().at(45, x, 1)), expected, 0.004) << x;
  }
}

}  // namespace
}  // namespace pluvia::synth
