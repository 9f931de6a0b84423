// SPDX-License-Identifier: Apache-2.0
// Streaks made ready for drawing, on the host.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/exact_float.h"
#include "synth/effects/streak_splat.h"

namespace pluvia::synth {
namespace {

constexpr float kPi = 3.14159265F;
constexpr float kPixelVariance = 0.55F * 0.55F;
constexpr float kGaussNorm = 0.39894228F / 0.99932614F;  ///< what kCut leaves off is put back

/// Blur along the streak takes from a ripple what it takes from any wave.
Ripple blurred(const Ripple& ripple, float sigma_px) {
  constexpr float kInPowersOfTwo = 28.4776586F;  // 2 pi^2 / ln 2
  const float waves = sigma_px * ripple.per_px;
  Ripple out = ripple;
  out.amplitude *= exact::exp2_of_negative(-kInPowersOfTwo * (waves * waves));
  if (out.amplitude < 1e-6F) out.amplitude = 0;  // then it need not be worked out
  return out;
}

}  // namespace

StreakBar bar_of(const Streak& s) {
  StreakBar bar;
  const float dx = s.x1 - s.x0;
  const float dy = s.y1 - s.y0;
  const float span = std::sqrt(dx * dx + dy * dy);
  // A path shorter than this is a dot; the difference of two ramps would be noise.
  const float length = std::max(span, 0.25F);
  bar.ex = span > 1e-6F ? dx / span : 0;
  bar.ey = span > 1e-6F ? dy / span : 1;
  bar.mx = 0.5F * (s.x0 + s.x1);
  bar.my = 0.5F * (s.y0 + s.y1);
  bar.half = 0.5F * length;
  const float w2 = s.width_px * s.width_px;
  const float c2 = s.blur_px * s.blur_px;
  const float sigma = std::sqrt((w2 + c2) / 16 + kPixelVariance);
  if (s.width_px >= 2 && s.blur_px <= 0.3F * s.width_px && length >= 0.75F * s.width_px) {
    bar.radius = 0.5F * std::sqrt(w2 + c2);
    bar.reach = bar.radius + 0.5F;
    bar.gain = w2 / ((w2 + c2) * length);
  } else {
    bar.inv_sigma = 1 / sigma;
    bar.reach = streak_law::kCut * sigma;
    bar.gain = 0.25F * kPi * w2 * kGaussNorm / (length * sigma);
  }
  bar.inv_depth = 1 / s.depth_m;
  bar.brightness = s.brightness;
  for (int mode = 0; mode < 2; ++mode) {
    bar.ripple[mode] = blurred(s.ripple[mode], sigma);
  }
  return bar;
}

Box box_of(const StreakBar& bar) {
  const float corner = bar.reach * (std::abs(bar.ex) + std::abs(bar.ey)) + 1;
  const auto x = static_cast<double>(bar.half * std::abs(bar.ex) + corner);
  const auto y = static_cast<double>(bar.half * std::abs(bar.ey) + corner);
  const auto cx = static_cast<double>(bar.mx);
  const auto cy = static_cast<double>(bar.my);
  return {cx - x, cy - y, cx + x, cy + y};
}

StreakImages splat(std::span<const Streak> streaks, int height, int width,
                   ImageView<const float> depth_m) {
  const TileGrid grid = picture_tiles(height, width);
  std::vector<StreakBar> bars;
  for (const Streak& streak : streaks) bars.push_back(bar_of(streak));
  TileBins bins;
  bins.build(grid, bars.size(), [&](std::size_t i) { return box_of(bars[i]); });
  std::vector<float> sums(StreakPlanes::numbers(grid));
  std::vector<std::uint8_t> marks(StreakPlanes::stretches(grid));
  SplatArgs args;
  args.grid = grid;
  args.planes = {
      {bins.starts().data(), bins.shapes().data()}, sums.data(), marks.data(), grid.across()};
  args.bars = bars.data();
  args.depth = {depth_m.empty() ? nullptr : depth_m.data(), nullptr, nullptr, width};
  draw_streaks(Device{}, args);
  StreakImages out{Image<float>(height, width, 1, Transfer::kLinear),
                   Image<float>(height, width, 1, Transfer::kLinear)};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      out.opacity.view().at(y, x) = *args.planes.opacity(y, x);
      out.glow.view().at(y, x) = *args.planes.glow(y, x);
    }
  }
  return out;
}

}  // namespace pluvia::synth
