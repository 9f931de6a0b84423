// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/pane.h"

#include <algorithm>
#include <cmath>

namespace pluvia::synth {
namespace {

double weight_of(double radius, int dy, int dx) {
  return std::clamp(radius + 0.5 - std::sqrt(static_cast<double>(dy * dy + dx * dx)), 0.0, 1.0);
}

/// Variance along an axis of a disc on whole pixels.
double variance_of(double radius) {
  const int reach = static_cast<int>(radius + 0.5);
  double sum = 0;
  double square = 0;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      const double w = weight_of(radius, dy, dx);
      sum += w;
      square += w * dx * dx;
    }
  }
  return square / sum;
}

}  // namespace

std::vector<BlurTap> disc_taps(double variance) {
  double low = 0.5;  // its middle pixel alone
  double high = 2 * std::sqrt(std::max(variance, 0.0)) + 2;
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    (variance_of(middle) < variance ? low : high) = middle;
  }
  const int reach = static_cast<int>(low + 0.5);
  double sum = 0;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) sum += weight_of(low, dy, dx);
  }
  std::vector<BlurTap> taps;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      const auto weight = static_cast<float>(weight_of(low, dy, dx) / sum);
      if (weight > 1e-6F) taps.push_back({dy, dx, weight});
    }
  }
  return taps;
}

PaneBlur PaneBlur::of(int height, int width, float blur_px) {
  // Each scale from where a disc of a few pane pixels is left.
  constexpr struct {
    float from_px;
    int scale;
  } kScales[] = {{80, 16}, {28, 8}, {12.5F, 4}, {6, 2}};
  PaneBlur blur;
  for (const auto& step : kScales) {
    if (blur_px >= step.from_px) blur.grid.scale = std::max(blur.grid.scale, step.scale);
  }
  const double scale = blur.grid.scale;
  const double sampled = blur.grid.scale == 1 ? 0 : scale * scale / 4;
  const double wanted = static_cast<double>(blur_px) * static_cast<double>(blur_px) / 16;
  blur.taps = disc_taps(std::max(0.0, wanted - sampled) / (scale * scale));
  for (const BlurTap& tap : blur.taps) blur.reach = std::max(blur.reach, tap.dx);
  blur.grid.margin = blur.reach + 1;
  const auto across = [&](int pixels) {
    return (pixels + blur.grid.scale - 1) / blur.grid.scale + 2 * blur.grid.margin;
  };
  blur.grid.height = across(height);
  blur.grid.width = across(width);
  return blur;
}

}  // namespace pluvia::synth
