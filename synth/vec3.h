// SPDX-License-Identifier: Apache-2.0
// Vectors of three doubles and rotation by a quaternion: the little geometry that rain needs.
#pragma once

#include <array>
#include <cmath>

namespace pluvia::synth {

struct Vec3 {
  double x = 0;
  double y = 0;
  double z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, double s) { return {a.x * s, a.y * s, a.z * s}; }
inline double dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline double length(Vec3 a) { return std::sqrt(dot(a, a)); }
inline Vec3 to_vec3(const std::array<double, 3>& a) { return {a[0], a[1], a[2]}; }

/// Columns of the rotation matrix of a unit quaternion (w, x, y, z).
struct Rotation {
  Vec3 right{1, 0, 0};
  Vec3 up{0, 1, 0};
  Vec3 back{0, 0, 1};

  static Rotation of(const std::array<double, 4>& q) {
    const double w = q[0];
    const Vec3 v{q[1], q[2], q[3]};
    const auto turn = [&](Vec3 p) {
      const Vec3 t = cross(v, p) * 2;
      return p + t * w + cross(v, t);
    };
    return {turn({1, 0, 0}), turn({0, 1, 0}), turn({0, 0, 1})};
  }
};

}  // namespace pluvia::synth
