// SPDX-License-Identifier: Apache-2.0
// What drops too small or too far to be drawn do to the scene: V = B exp(-tau) + A (1 - exp(-tau)),
// tau the integral of beta(z) = q_ext * cross-section of the drops below min_width z / f, so that
// no drop counts twice; mist adds a constant. A is the light of the sky
// (effects/environment.h).
#pragma once

#include <cmath>
#include <vector>

#include "core/backend.h"
#include "synth/drop_sizes.h"
#include "synth/effects/depth.h"

namespace pluvia::synth {

struct Rgb {
  float r = 0;
  float g = 0;
  float b = 0;
};

struct VeilField {
  double q_ext = 1.5;  ///< extinction efficiency as a camera sees it
  double mist_per_km = 0;
  double min_width_px = 0.5;  ///< narrower drops are veil
  double focal_px = 1000;
};

/// exp(-tau) over depth: a plain table, which can be copied to a device.
class Veil {
 public:
  Veil(const DropSizes& sizes, const VeilField& field);

  /// exp(-tau) at depth z; infinity means kSkyM.
  PLUVIA_MEMBER float transmission(float z_m) const {
    constexpr auto kFar = static_cast<float>(kSkyM);
    const float z = z_m < kFar ? z_m : kFar;
    const float at = std::sqrt((z > 0 ? z : 0.0F) / kFar) * kEntries;
    const int whole = static_cast<int>(at);
    const int i = whole < kEntries - 1 ? whole : kEntries - 1;
    const float t = at - static_cast<float>(i);
    const float near = transmission_[i];
    return near + (transmission_[i + 1] - near) * t;
  }

  static constexpr double kSkyM = 3000;  ///< beyond, haze is part of the clean picture already

 private:
  static constexpr int kEntries = 512;  ///< over the square root of depth
  float transmission_[kEntries + 1] = {};
};

/// The veil over a picture as kernels see it. Without a depth map transmission, like depth, is that
/// of a row or of a column.
struct VeilView {
  const Veil* table = nullptr;  ///< null: no veil
  DepthView depth;
  const float* rows = nullptr;
  const float* columns = nullptr;
  Rgb air;

  PLUVIA_MEMBER float at(int y, int x) const {
    if (depth.map == nullptr) return rows[y] > columns[x] ? rows[y] : columns[x];
    return table->transmission(depth.at(y, x));
  }
  /// Of pixels [x0, x0 + N) of row y.
  template <int N>
  PLUVIA_MEMBER void row(int y, int x0, float out[N]) const {
    if (depth.map != nullptr) {
      for (int x = 0; x < N; ++x) out[x] = table->transmission(depth.at(y, x0 + x));
      return;
    }
    const float of_row = rows[y];
    for (int x = 0; x < N; ++x) {
      const float column = columns[x0 + x];
      out[x] = of_row > column ? of_row : column;
    }
  }
};

/// Of each depth; monotone, so that the nearer of two depths has the larger one.
std::vector<float> transmissions(const Veil& veil, const std::vector<float>& depths_m);

}  // namespace pluvia::synth
