// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/light_pyramid.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/parallel.h"

namespace pluvia::synth {
namespace {

void expand_highlights(ImageView<float> light, float gain) {
  constexpr float kFrom = 0.6F;  // of full white: the brightest quarter of the codes
  parallel_for(light.height(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      float* p = light.row(y).data();
      for (int x = 0; x < light.width(); ++x, p += 3) {
        const float least = std::min({p[0], p[1], p[2]});
        const float t = std::clamp((least - kFrom) / (1 - kFrom), 0.0F, 1.0F);
        const float factor = 1 + (gain - 1) * t * t;
        for (int c = 0; c < 3; ++c) p[c] *= factor;
      }
    }
  });
}

/// Each pixel the mean of the up to four below it: odd sizes keep their last row and column.
Image<float> halved(ImageView<const float> from) {
  Image<float> out((from.height() + 1) / 2, (from.width() + 1) / 2, 3, Transfer::kLinear);
  const ImageView<float> to = out.view();
  parallel_for(to.height(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      const float* const top = from.row(2 * y).data();
      const float* const bottom = from.row(std::min(2 * y + 1, from.height() - 1)).data();
      float* const p = to.row(y).data();
      for (int x = 0; x < to.width(); ++x) {
        const std::ptrdiff_t left = 6 * std::ptrdiff_t{x};
        const std::ptrdiff_t right = 2 * x + 1 < from.width() ? left + 3 : left;
        for (int c = 0; c < 3; ++c) {
          p[3 * x + c] =
              0.25F * ((top[left + c] + top[right + c]) + (bottom[left + c] + bottom[right + c]));
        }
      }
    }
  });
  return out;
}

/// x folded back into [0, n).
int mirrored(int x, int n) {
  if (x >= 0 && x < n) return x;
  const int period = 2 * n;
  const int m = ((x % period) + period) % period;
  return m < n ? m : period - 1 - m;
}

}  // namespace

LightPyramid::LightPyramid(Image<float> light, float sky_gain) {
  if (sky_gain != 1) expand_highlights(light.view(), sky_gain);
  levels_.push_back(std::move(light));
  while (levels_.back().height() > 2 && levels_.back().width() > 2) {
    levels_.push_back(halved(levels_.back().view()));
  }
}

Rgb LightPyramid::bilinear(int level, float x, float y) const {
  const ImageView<const float> image = levels_[static_cast<std::size_t>(level)].view();
  const float scale = 1.0F / static_cast<float>(1 << level);
  // Far beyond the frame there is nothing new; the bound keeps the integers small.
  const float u = std::clamp(x * scale - 0.5F, -1e6F, 1e6F);
  const float v = std::clamp(y * scale - 0.5F, 0.0F, static_cast<float>(image.height() - 1));
  const float u0 = std::floor(u);
  const int x0 = mirrored(static_cast<int>(u0), image.width());
  const int x1 = mirrored(static_cast<int>(u0) + 1, image.width());
  const int y0 = static_cast<int>(v);
  const int y1 = std::min(y0 + 1, image.height() - 1);
  const float fx = u - u0;
  const float fy = v - static_cast<float>(y0);
  const float* const a = &image.at(y0, x0);
  const float* const b = &image.at(y0, x1);
  const float* const c = &image.at(y1, x0);
  const float* const d = &image.at(y1, x1);
  const auto mix = [&](int k) {
    const float top = a[k] + (b[k] - a[k]) * fx;
    const float bottom = c[k] + (d[k] - c[k]) * fx;
    return top + (bottom - top) * fy;
  };
  return {mix(0), mix(1), mix(2)};
}

Rgb LightPyramid::sample(float x, float y, float level) const {
  const float at = std::clamp(level, 0.0F, static_cast<float>(levels() - 1));
  const int fine = std::min(static_cast<int>(at), levels() - 1);
  const int coarse = std::min(fine + 1, levels() - 1);
  const float t = at - static_cast<float>(fine);
  const Rgb a = bilinear(fine, x, y);
  if (t == 0) return a;
  const Rgb b = bilinear(coarse, x, y);
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

}  // namespace pluvia::synth
