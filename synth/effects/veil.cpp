// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/veil.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/exact_math.h"

namespace pluvia::synth {

Veil::Veil(const DropSizes& sizes, const VeilField& field) {
  const double of_all = sizes.extinction_per_m(kLargestDropMm);
  double tau = 0;
  double before_m = 0;
  transmission_[0] = 1;
  for (std::size_t i = 1; i <= kEntries; ++i) {
    const double root = static_cast<double>(i) / kEntries;
    const double z_m = kSkyM * root * root;
    const double middle_m = 0.5 * (z_m + before_m);
    const double unresolved_mm = field.min_width_px * middle_m / field.focal_px * 1e3;
    const double extinction =
        unresolved_mm < kLargestDropMm ? sizes.extinction_per_m(unresolved_mm) : of_all;
    const double beta = field.q_ext * extinction + field.mist_per_km * 1e-3;
    tau += beta * (z_m - before_m);
    transmission_[i] = static_cast<float>(exact::exp(-tau));
    before_m = z_m;
  }
}

float Veil::transmission(float z_m) const {
  if (!(z_m > 0)) return 1;
  constexpr auto kFar = static_cast<float>(kSkyM);
  const float at = std::sqrt(std::min(z_m, kFar) / kFar) * kEntries;
  const auto i = std::min(static_cast<std::size_t>(at), static_cast<std::size_t>(kEntries - 1));
  const float t = at - static_cast<float>(i);
  return transmission_[i] + (transmission_[i + 1] - transmission_[i]) * t;
}

Rgb airlight(const LightPyramid& scene) {
  const ImageView<const float> coarse = scene.level(std::max(0, scene.levels() - 4));
  const int rows = std::max(1, coarse.height() / 2);
  std::vector<float> brightness;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < coarse.width(); ++x) brightness.push_back(coarse.at(y, x, 1));
  }
  std::nth_element(brightness.begin(), brightness.begin() + brightness.size() / 2,
                   brightness.end());
  const float median = brightness[brightness.size() / 2];
  double sum[3] = {};
  int count = 0;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < coarse.width(); ++x) {
      if (coarse.at(y, x, 1) < median) continue;
      for (int c = 0; c < 3; ++c) sum[c] += static_cast<double>(coarse.at(y, x, c));
      ++count;
    }
  }
  return {static_cast<float>(sum[0] / count), static_cast<float>(sum[1] / count),
          static_cast<float>(sum[2] / count)};
}

Image<float> assumed_depth(int height, int width, double focal_px) {
  Image<float> depth(height, width, 1, Transfer::kLinear);
  constexpr double kCameraM = 1.4;
  constexpr double kAsideM = 9;
  constexpr double kEndM = 80;
  for (int y = 0; y < height; ++y) {
    const double below = y + 0.5 - 0.5 * height;
    const double road_m = below > 0 ? focal_px * kCameraM / below : kEndM;
    const auto row = depth.view().row(y);
    for (int x = 0; x < width; ++x) {
      const double aside = std::abs(x + 0.5 - 0.5 * width);
      const double wall_m = aside > 0 ? focal_px * kAsideM / aside : kEndM;
      row[static_cast<std::size_t>(x)] = static_cast<float>(std::min({road_m, wall_m, kEndM}));
    }
  }
  return depth;
}

}  // namespace pluvia::synth
