// SPDX-License-Identifier: Apache-2.0
// Rain too fine to be drawn is a veil (effects/veil.h) only on average: in a pixel it comes and
// goes as drops do. By Campbell's theorem the variance of what they add up to is the sum of what
// each adds, squared. A drop of width w = f D / z leaves pi w^2/4 of opacity on the picture, times
// the veil's q_ext; the law of streaks (effects/streak_bar.h) spreads it by a deviation sigma
// across and over L = f v T / z along, so that the squares of its pixels sum to the square of that
// over 2 sqrt(pi) sigma sqrt(L^2 + 4 pi sigma^2):
//   Var(z) = q^2 int dz' int dD N(D) (pi/4)^2 f^2 D^4 / z'^2 / (2 sqrt(pi) sigma L'),  D < w_min
//   z'/f.
//
// The noise itself is a texture, made once: white noise smoothed across by a pixel, and along by
// boxes of 2 to 32 pixels in the shares that the integral gives to such lengths. A strip of 64
// columns of a frame shows it from a place drawn for (seed, clip, frame, strip) and sheared along
// the local direction of the rain, so nothing repeats from frame to frame or side by side.
//
// Deviations: lengths are those of drops that fall, not longer towards the border for a moving
// camera; rain flatter than 56 degrees keeps that slope.
#pragma once

#include <cstdint>
#include <vector>

#include "core/backend.h"
#include "synth/camera.h"
#include "synth/drop_sizes.h"
#include "synth/effects/depth.h"
#include "synth/effects/streaks.h"
#include "synth/effects/veil.h"

namespace pluvia::synth {

/// The standard deviation of opacity over depth: a plain table, which can be copied to a device.
class FlickerTable {
 public:
  static constexpr int kLengths = 5;  ///< of 2, 4, .. 32 pixels

  FlickerTable() = default;
  FlickerTable(const DropSizes& sizes, const VeilField& field, double near_m, const Lens& lens);

  PLUVIA_MEMBER float deviation(float z_m) const {
    constexpr auto kFar = static_cast<float>(kEndM);
    const float z = z_m < kFar ? z_m : kFar;
    const float at = std::sqrt((z > 0 ? z : 0.0F) / kFar) * kEntries;
    const int whole = static_cast<int>(at);
    const int i = whole < kEntries - 1 ? whole : kEntries - 1;
    return deviation_[i] + (deviation_[i + 1] - deviation_[i]) * (at - static_cast<float>(i));
  }
  /// Of the variance, by length; they sum to 1.
  double share(int length) const { return shares_[length]; }

 private:
  static constexpr double kEndM = 400;  ///< what lies beyond adds less than a hundredth
  static constexpr int kEntries = 256;  ///< over the square root of depth
  float deviation_[kEntries + 1] = {};
  double shares_[kLengths] = {};
};

namespace flicker_law {
inline constexpr int kStrip = 64;  ///< columns that share a place in the texture
inline constexpr int kColumns = 128;
inline constexpr int kRows = 512;
inline constexpr int kStride = kColumns + kStrip;  ///< the first columns follow the last again
}  // namespace flicker_law

/// kRows rows of kStride numbers of mean 0 and variance 1.
std::vector<float> flicker_texture(const FlickerTable& table, const RainKey& key);

/// Where in the texture each row of each strip starts, strip by strip.
std::vector<std::int32_t> flicker_starts(const RainField& field, const RainKey& key,
                                         const Camera& camera, double time_s);

/// The flicker over a picture as kernels see it.
struct FlickerView {
  const FlickerTable* table = nullptr;
  const float* texture = nullptr;  ///< null: no flicker
  const std::int32_t* starts = nullptr;
  const float* rows = nullptr;  ///< deviations, where depth is that of a row or of a column
  const float* columns = nullptr;
  int height = 0;

  /// The noise of a pixel and, to the end of its strip, of those that follow.
  PLUVIA_MEMBER const float* line(int y, int x) const {
    constexpr int kStrip = flicker_law::kStrip;
    return texture + starts[x / kStrip * height + y] + x % kStrip;
  }

  /// Takes it from the transmission of pixels [x0, x0 + N) of row y, which lie in one strip.
  template <int N>
  PLUVIA_MEMBER void shade(const DepthView& depth, int y, int x0, float through[N]) const {
    const float* const noise = line(y, x0);
    float deviation[N];
    if (depth.map != nullptr) {
      for (int x = 0; x < N; ++x) deviation[x] = table->deviation(depth.at(y, x0 + x));
    } else {
      const float of_row = rows[y];
      for (int x = 0; x < N; ++x) {
        const float column = columns[x0 + x];
        deviation[x] = of_row < column ? of_row : column;
      }
    }
    for (int x = 0; x < N; ++x) {
      const float left = through[x] - through[x] * (deviation[x] * noise[x]);
      const float above = left > 0 ? left : 0.0F;
      through[x] = above < 1 ? above : 1.0F;
    }
  }
};

}  // namespace pluvia::synth
