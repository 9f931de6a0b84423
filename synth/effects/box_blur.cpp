// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/box_blur.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"

namespace pluvia::synth {
namespace {

/// A box of width 2 n + 1 + 2 f: n whole pixels each side and a fraction f of the next.
struct Box1d {
  int n = 0;
  float f = 0;
  float scale = 1;

  /// Three of them have together the variance of the disc, counted on whole pixels.
  static Box1d of(float diameter_px) {
    const float variance = diameter_px * diameter_px / 48;
    Box1d box;
    const auto whole = [](int n) { return static_cast<float>(n) * static_cast<float>(n + 1) / 3; };
    while (whole(box.n + 1) <= variance) ++box.n;
    const auto next = static_cast<float>(box.n + 1);
    const auto width = static_cast<float>(2 * box.n + 1);
    box.f = 0.5F * (variance - whole(box.n)) * width / (next * next - variance);
    box.scale = 1 / (width + 2 * box.f);
    return box;
  }
};

/// One line of vectors of kLanes numbers, which are summed side by side.
template <int kLanes>
void blur_line(const Box1d& box, const float* from, float* to, int count) {
  const auto at = [&](int i) {
    return from + std::ptrdiff_t{std::clamp(i, 0, count - 1)} * kLanes;
  };
  float sum[kLanes] = {};
  for (int k = -box.n; k <= box.n; ++k) {
    const float* const p = at(k);
    for (int c = 0; c < kLanes; ++c) sum[c] += p[c];
  }
  for (int i = 0; i < count; ++i) {
    const float* const before = at(i - box.n - 1);
    const float* const after = at(i + box.n + 1);
    const float* const leaves = at(i - box.n);
    float* const out = to + std::ptrdiff_t{i} * kLanes;
    for (int c = 0; c < kLanes; ++c) {
      out[c] = (sum[c] + box.f * (before[c] + after[c])) * box.scale;
      sum[c] += after[c] - leaves[c];
    }
  }
}

template <int kLanes>
bool is_zero(const float* p) {
  for (int c = 0; c < kLanes; ++c) {
    if (p[c] != 0) return false;
  }
  return true;
}

/// Three boxes over a line in `a`, which ends with the result. Only stretches with something in
/// their reach are worked on; the rest is zero and stays so.
template <int kLanes>
void blur_three(const Box1d& box, std::vector<float>& a, std::vector<float>& b) {
  const int count = static_cast<int>(a.size()) / kLanes;
  const int reach = 3 * (box.n + 2);
  const auto zero_at = [&](int i) {
    return is_zero<kLanes>(&a[static_cast<std::size_t>(i) * kLanes]);
  };
  int from = 0;
  while (true) {
    while (from < count && zero_at(from)) ++from;
    if (from == count) return;
    int last_set = from;
    for (int i = from + 1; i < count && i - last_set <= 2 * reach; ++i) {
      if (!zero_at(i)) last_set = i;
    }
    const int first = std::max(0, from - reach);
    const int end = std::min(count, last_set + 1 + reach);
    float* const p = a.data() + std::ptrdiff_t{first} * kLanes;
    float* const q = b.data() + std::ptrdiff_t{first} * kLanes;
    blur_line<kLanes>(box, p, q, end - first);
    blur_line<kLanes>(box, q, p, end - first);
    blur_line<kLanes>(box, p, q, end - first);
    std::copy_n(q, std::ptrdiff_t{end - first} * kLanes, p);
    from = end;
  }
}

}  // namespace

void blur_disc(ImageView<float> image, float diameter_px) {
  PLUVIA_CHECK(image.channels() == 4, image.channels());
  const Box1d box = Box1d::of(diameter_px);
  if (diameter_px < 0.25F || image.empty()) return;
  parallel_for(image.height(), 8, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> a;
    std::vector<float> b(static_cast<std::size_t>(image.width()) * 4);
    for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      const auto row = image.row(y);
      a.assign(row.begin(), row.end());
      blur_three<4>(box, a, b);
      std::copy(a.begin(), a.end(), row.begin());
    }
  });
  // A strip of columns at a time, so that a cache line is used whole; the last is filled up.
  constexpr int kStrip = 8;
  constexpr int kLanes = 4 * kStrip;
  const int strips = (image.width() + kStrip - 1) / kStrip;
  parallel_for(strips, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> a(static_cast<std::size_t>(image.height()) * kLanes);
    std::vector<float> b(a.size());
    for (int strip = static_cast<int>(begin); strip < static_cast<int>(end); ++strip) {
      const int x0 = strip * kStrip;
      const int wide = (std::min(image.width(), x0 + kStrip) - x0) * 4;
      for (int y = 0; y < image.height(); ++y) {
        float* const line = a.data() + std::ptrdiff_t{y} * kLanes;
        std::fill(std::copy_n(&image.at(y, x0), wide, line), line + kLanes, 0.0F);
      }
      blur_three<kLanes>(box, a, b);
      for (int y = 0; y < image.height(); ++y) {
        std::copy_n(a.data() + std::ptrdiff_t{y} * kLanes, wide, &image.at(y, x0));
      }
    }
  });
}

}  // namespace pluvia::synth
