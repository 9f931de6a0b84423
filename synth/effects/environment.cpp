// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/environment.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/exact_float.h"
#include "core/exact_math.h"
#include "core/parallel.h"
#include "synth/effects/glass_optics.h"

namespace pluvia::synth {
namespace {

constexpr int kRings = 8;
constexpr int kAzimuths = 12;

/// Light of the blocks, veil included, three floats each, over a picture that goes on beyond its
/// edges.
class Surroundings {
 public:
  Surroundings(std::span<const BlockLight> blocks, int height, int width, Rgb air)
      : down_(blocks_along(height)), across_(blocks_along(width)) {
    const float a[3] = {air.r, air.g, air.b};
    for (const BlockLight& block : blocks) {
      for (int c = 0; c < 3; ++c) light_.push_back(block.lit[c] + a[c] * block.hazed);
    }
    double sum[3] = {};
    for (std::size_t i = 0; i < light_.size(); ++i) sum[i % 3] += static_cast<double>(light_[i]);
    for (int c = 0; c < 3; ++c) mean_[c] = sum[c] / static_cast<double>(blocks.size());
  }

  double mean(int c) const { return mean_[c]; }

  void add(float x, float y, float weight, float out[3]) const {
    const float u = std::clamp(x / kBlock - 0.5F, -1e4F, 1e4F);
    const float v = std::clamp(y / kBlock - 0.5F, 0.0F, static_cast<float>(down_ - 1));
    const float u0 = std::floor(u);
    const int x0 = mirrored(static_cast<int>(u0));
    const int x1 = mirrored(static_cast<int>(u0) + 1);
    const int y0 = static_cast<int>(v);
    const int y1 = std::min(y0 + 1, down_ - 1);
    const float fx = u - u0;
    const float fy = v - static_cast<float>(y0);
    for (int c = 0; c < 3; ++c) {
      const float top = at(y0, x0, c) + (at(y0, x1, c) - at(y0, x0, c)) * fx;
      const float bottom = at(y1, x0, c) + (at(y1, x1, c) - at(y1, x0, c)) * fx;
      out[c] += weight * (top + (bottom - top) * fy);
    }
  }

 private:
  float at(int y, int x, int c) const {
    return light_[(static_cast<std::size_t>(y) * static_cast<std::size_t>(across_) +
                   static_cast<std::size_t>(x)) *
                      3 +
                  static_cast<std::size_t>(c)];
  }
  int mirrored(int x) const {
    if (x >= 0 && x < across_) return x;
    const int period = 2 * across_;
    const int m = (x % period + period) % period;
    return m < across_ ? m : period - 1 - m;
  }

  std::vector<float> light_;
  double mean_[3] = {};
  int down_;
  int across_;
};

struct DeviatedRay {
  float along;   ///< the line of sight
  float aside;   ///< one direction square to it
  float upward;  ///< the other
  float weight;
};

std::vector<DeviatedRay> deviated_rays() {
  std::vector<DeviatedRay> rays;
  int number = 0;
  for (const DeviationRing& ring : deviation_rings(kRings)) {
    const exact::SinCos bend = exact::sin_cos_turns(ring.deviation_rad / exact::detail::kTwoPi);
    for (int k = 0; k < kAzimuths; ++k) {
      // Rings are turned against one another, so that rays do not line up.
      const exact::SinCos turn = exact::sin_cos_turns((k + 0.5 * (number % 2) + 0.25) / kAzimuths);
      rays.push_back({static_cast<float>(bend.cos), static_cast<float>(bend.sin * turn.cos),
                      static_cast<float>(bend.sin * turn.sin),
                      static_cast<float>(ring.weight / kAzimuths)});
    }
    ++number;
  }
  return rays;
}

double exact_asin(double x) {
  // Newton on the sine from the single-precision value: twice is more than enough.
  double angle = static_cast<double>(exact::asin(static_cast<float>(x)));
  for (int i = 0; i < 2; ++i) {
    const exact::SinCos at = exact::sin_cos_turns(angle / exact::detail::kTwoPi);
    angle -= (at.sin - x) / at.cos;
  }
  return angle;
}

}  // namespace

std::vector<DeviationRing> deviation_rings(int count) {
  std::vector<DeviationRing> rings;
  double sum = 0;
  for (int j = 0; j < count; ++j) {
    const double rho = std::sqrt((j + 0.5) / count);
    const double sin_in = rho / static_cast<double>(kWaterIndex);
    const double cos_out = std::sqrt(1 - rho * rho);
    const double cos_in = std::sqrt(1 - sin_in * sin_in);
    const auto through = static_cast<double>(
        fresnel(static_cast<float>(cos_out), static_cast<float>(cos_in), 1 / kWaterIndex));
    rings.push_back({2 * (exact_asin(rho) - exact_asin(sin_in)), through * through});
    sum += through * through;
  }
  for (DeviationRing& ring : rings) ring.weight *= kRefracted / sum;
  return rings;
}

Rgb airlight(std::span<const BlockLight> blocks, int height, int width) {
  const int across = blocks_along(width);
  const auto count = static_cast<std::size_t>(std::max(1, blocks_along(height) / 2) * across);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(blocks[a].clean[1], a) < std::pair(blocks[b].clean[1], b);
  });
  // The brightest twentieth may be lamps, or clouds in the sun.
  const std::size_t end = count - count / 20;
  const std::size_t begin = std::min(end - 1, count - count / 4);
  double sum[3] = {};
  for (std::size_t i = begin; i < end; ++i) {
    for (int c = 0; c < 3; ++c) sum[c] += static_cast<double>(blocks[order[i]].clean[c]);
  }
  const auto of = static_cast<double>(end - begin);
  return {static_cast<float>(sum[0] / of), static_cast<float>(sum[1] / of),
          static_cast<float>(sum[2] / of)};
}

std::vector<float> drop_light(std::span<const BlockLight> blocks, int height, int width, Rgb air,
                              double focal_px) {
  static const std::vector<DeviatedRay> rays = deviated_rays();
  const Surroundings around(blocks, height, width, air);
  const int across = nodes_along(width);
  const int down = nodes_along(height);
  const auto focal = static_cast<float>(focal_px);
  const float cx = 0.5F * static_cast<float>(width);
  const float cy = 0.5F * static_cast<float>(height);
  std::vector<float> nodes(static_cast<std::size_t>(down * across) * 4);
  parallel_for(down, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin * across; i < end * across; ++i) {
      const float vx = static_cast<float>(i % across * kNode) - cx;
      const float vy = static_cast<float>(i / across * kNode) - cy;
      const float scale = 1 / std::sqrt(vx * vx + vy * vy + focal * focal);
      const Ray sight{vx * scale, vy * scale, focal * scale};
      // Two directions square to it: the picture's x made so, and their cross product.
      const float flat = 1 / std::sqrt(sight.x * sight.x + sight.z * sight.z);
      const Ray aside{sight.z * flat, 0, -sight.x * flat};
      const Ray up{sight.y * aside.z, sight.z * aside.x - sight.x * aside.z, -sight.y * aside.x};
      float light[3] = {};
      for (const DeviatedRay& ray : rays) {
        const float x = ray.along * sight.x + ray.aside * aside.x + ray.upward * up.x;
        const float y = ray.along * sight.y + ray.upward * up.y;
        const float z = ray.along * sight.z + ray.aside * aside.z + ray.upward * up.z;
        const float depth = focal / std::max(z, 0.05F);
        around.add(cx + x * depth, cy + y * depth, ray.weight, light);
      }
      for (int c = 0; c < 3; ++c) {
        nodes[static_cast<std::size_t>(i * 4 + c)] =
            light[c] + static_cast<float>((kMirrored + kInternal) * around.mean(c));
      }
    }
  });
  return nodes;
}

}  // namespace pluvia::synth
