// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/streak_splat.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/exact_math.h"
#include "core/parallel.h"
#include "synth/effects/tile_bins.h"

namespace pluvia::synth {
namespace {

constexpr float kPi = 3.14159265F;
constexpr float kPixelVariance = 0.55F * 0.55F;
constexpr float kCut = 3.4F;  ///< standard deviations; what lies beyond is 0.07 %

/// The normal density on [-kCut, kCut], its integral 1 there, and its running integral.
struct GaussTables {
  static constexpr int kSteps = 1024;
  static constexpr float kScale = kSteps / (2 * kCut);
  std::array<float, kSteps + 2> density{};
  std::array<float, kSteps + 2> integral{};

  GaussTables() {
    std::array<double, kSteps + 1> raw{};
    double sum = 0;
    for (int i = 0; i <= kSteps; ++i) {
      const double t = (i - kSteps / 2) / static_cast<double>(kScale);
      raw[static_cast<std::size_t>(i)] = exact::exp(-0.5 * t * t);
    }
    std::array<double, kSteps + 1> running{};
    for (std::size_t i = 1; i <= kSteps; ++i) {
      sum += 0.5 * (raw[i - 1] + raw[i]) / static_cast<double>(kScale);
      running[i] = sum;
    }
    for (std::size_t i = 0; i <= kSteps; ++i) {
      density[i] = static_cast<float>(raw[i] / sum);
      integral[i] = static_cast<float>(running[i] / sum);
    }
    density[kSteps + 1] = density[kSteps];
    integral[kSteps + 1] = 1;
  }

  static float look_up(const std::array<float, kSteps + 2>& table, float t) {
    const float at = (std::clamp(t, -kCut, kCut) + kCut) * kScale;
    const int i = static_cast<int>(at);
    const float* const p = table.data() + i;
    return p[0] + (p[1] - p[0]) * (at - static_cast<float>(i));
  }
};

const GaussTables& gauss() {
  static const GaussTables tables;
  return tables;
}

/// Waves of the ripple: a sine good to 1 %, from one parabola a half turn.
float wave(float turns) {
  const float t = turns - std::floor(turns);
  const float half = t < 0.5F ? t : t - 0.5F;
  const float hump = 16 * half * (0.5F - half);
  return t < 0.5F ? hump : -hump;
}

/// A streak with everything that is the same for all of its pixels.
struct Bar {
  float mx, my;  ///< middle
  float ex, ey;  ///< along
  float half;    ///< half length
  float inv_sigma;
  float reach;  ///< kCut standard deviations
  float gain;   ///< area over (length * sigma)
  float inv_depth;
  // Where a row dy below the middle meets the bar: dy * shift +- reach, across and along.
  float across_shift, across_reach, along_shift, along_reach;
  float brightness, ripple, ripple_per_px, ripple_turns;

  static Bar of(const Streak& s) {
    Bar bar{};
    const float dx = s.x1 - s.x0;
    const float dy = s.y1 - s.y0;
    const float span = std::sqrt(dx * dx + dy * dy);
    // A path shorter than this is a dot; the difference of two table values would be noise.
    const float length = std::max(span, 0.25F);
    bar.ex = span > 1e-6F ? dx / span : 0;
    bar.ey = span > 1e-6F ? dy / span : 1;
    bar.mx = 0.5F * (s.x0 + s.x1);
    bar.my = 0.5F * (s.y0 + s.y1);
    bar.half = 0.5F * length;
    const float sigma =
        std::sqrt((s.width_px * s.width_px + s.blur_px * s.blur_px) / 16 + kPixelVariance);
    bar.inv_sigma = 1 / sigma;
    bar.reach = kCut * sigma;
    bar.gain = 0.25F * kPi * s.width_px * s.width_px / (length * sigma);
    bar.inv_depth = 1 / s.depth_m;
    // A bar along an axis is cut by the rows of its box alone.
    constexpr float kAnywhere = 1e6F;
    const bool leans_x = std::abs(bar.ex) > 1e-4F;
    const bool leans_y = std::abs(bar.ey) > 1e-4F;
    bar.across_shift = leans_y ? bar.ex / bar.ey : 0;
    bar.across_reach = leans_y ? bar.reach / std::abs(bar.ey) : kAnywhere;
    bar.along_shift = leans_x ? -bar.ey / bar.ex : 0;
    bar.along_reach = leans_x ? (bar.half + bar.reach) / std::abs(bar.ex) : kAnywhere;
    bar.brightness = s.brightness;
    bar.ripple = s.ripple;
    bar.ripple_per_px = s.ripple_per_px;
    bar.ripple_turns = s.ripple_turns;
    return bar;
  }

  Box box() const {
    const double x = static_cast<double>(half * std::abs(ex) + reach);
    const double y = static_cast<double>(half * std::abs(ey) + reach);
    const auto cx = static_cast<double>(mx);
    const auto cy = static_cast<double>(my);
    return {cx - x, cy - y, cx + x, cy + y};
  }
};

struct Target {
  ImageView<float> opacity;
  ImageView<float> glow;
  ImageView<const float> depth_m;
};

/// How much of a streak a surface at a share of its depth leaves: soft over 10 % of the depth.
float visible(float share) { return std::clamp((share - 1) * 10 + 0.5F, 0.0F, 1.0F); }

/// Columns of a row of a tile that a bar touches: [first, last].
struct Span {
  int first;
  int last;
};

Span span_of(const Bar& bar, float dy, int x0, int x1) {
  const float across = dy * bar.across_shift;
  const float along = dy * bar.along_shift;
  const float low = std::max(across - bar.across_reach, along - bar.along_reach) + bar.mx - 0.5F;
  const float high = std::min(across + bar.across_reach, along + bar.along_reach) + bar.mx - 0.5F;
  // Limited as floats: a span far outside must not overflow the integers.
  const auto least = static_cast<float>(x0);
  const auto most = static_cast<float>(x1 - 1);
  return {static_cast<int>(std::ceil(std::clamp(low, least, most + 1))),
          static_cast<int>(std::floor(std::clamp(high, least - 1, most)))};
}

/// `scene_m`: the row's depths, null where nothing of the tile hides anything.
void draw_row(const Bar& bar, const Target& to, const float* scene_m, int y, Span span) {
  const GaussTables& tables = gauss();
  const float dy = static_cast<float>(y) + 0.5F - bar.my;
  float* const opacity = to.opacity.row(y).data();
  float* const glow = to.glow.row(y).data();
  const float plateau = bar.half - bar.reach;
  for (int x = span.first; x <= span.last; ++x) {
    const float dx = static_cast<float>(x) + 0.5F - bar.mx;
    const float u = dy * bar.ex - dx * bar.ey;
    const float s = dx * bar.ex + dy * bar.ey;
    float alpha = bar.gain * GaussTables::look_up(tables.density, u * bar.inv_sigma);
    if (std::abs(s) > plateau) {
      alpha *= GaussTables::look_up(tables.integral, (s + bar.half) * bar.inv_sigma) -
               GaussTables::look_up(tables.integral, (s - bar.half) * bar.inv_sigma);
    }
    if (scene_m != nullptr) alpha *= visible(scene_m[x] * bar.inv_depth);
    const float ripple =
        1 + bar.ripple * wave(bar.ripple_turns + (s + bar.half) * bar.ripple_per_px);
    opacity[x] += alpha;
    glow[x] += alpha * bar.brightness * ripple;
  }
}

struct TileArea {
  int x0, y0, x1, y1;
};

float nearest(ImageView<const float> depth_m, const TileArea& tile) {
  float least = INFINITY;
  for (int y = tile.y0; y < tile.y1; ++y) {
    const float* const row = depth_m.row(y).data();
    for (int x = tile.x0; x < tile.x1; ++x) least = std::min(least, row[x]);
  }
  return least;
}

void draw_tile(std::span<const Bar> bars, std::span<const std::uint32_t> list, const Target& to,
               const TileArea& tile) {
  for (int y = tile.y0; y < tile.y1; ++y) {
    std::fill_n(&to.opacity.at(y, tile.x0), tile.x1 - tile.x0, 0.0F);
    std::fill_n(&to.glow.at(y, tile.x0), tile.x1 - tile.x0, 0.0F);
  }
  const float nearest_m = to.depth_m.empty() ? INFINITY : nearest(to.depth_m, tile);
  for (const std::uint32_t i : list) {
    const Bar& bar = bars[i];
    const bool hidden = visible(nearest_m * bar.inv_depth) < 1;
    const Box box = bar.box();
    const int top = std::max(tile.y0, static_cast<int>(std::max(box.y0, -1e6)));
    const int bottom = std::min(tile.y1, static_cast<int>(std::min(box.y1, 1e6)) + 1);
    for (int y = top; y < bottom; ++y) {
      const float* const scene_m = hidden ? to.depth_m.row(y).data() : nullptr;
      const Span span = span_of(bar, static_cast<float>(y) + 0.5F - bar.my, tile.x0, tile.x1);
      draw_row(bar, to, scene_m, y, span);
    }
  }
}

}  // namespace

StreakPlanes splat(std::span<const Streak> streaks, int height, int width,
                   ImageView<const float> depth_m) {
  StreakPlanes planes{Image<float>(height, width, 1, Transfer::kLinear),
                      Image<float>(height, width, 1, Transfer::kLinear)};
  std::vector<Bar> bars;
  bars.reserve(streaks.size());
  TileBins bins(height, width);
  for (const Streak& streak : streaks) {
    bars.push_back(Bar::of(streak));
    bins.add(static_cast<std::uint32_t>(bars.size() - 1), bars.back().box());
  }
  const Target to{planes.opacity.view(), planes.glow.view(), depth_m};
  parallel_for(bins.count(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (int tile = static_cast<int>(begin); tile < static_cast<int>(end); ++tile) {
      const int x0 = bins.x_of(tile);
      const int y0 = bins.y_of(tile);
      draw_tile(
          bars, bins.of(tile), to,
          {x0, y0, std::min(width, x0 + TileBins::kTile), std::min(height, y0 + TileBins::kTile)});
    }
  });
  return planes;
}

}  // namespace pluvia::synth
