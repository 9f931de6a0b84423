// SPDX-License-Identifier: Apache-2.0
#include "synth/effects/box_blur.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

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

/// One line, `from` to `to`, whose elements are vectors of `lanes` numbers.
void blur_line(const Box1d& box, const float* from, float* to, int count, int lanes) {
  const auto at = [&](int i) { return from + std::ptrdiff_t{std::clamp(i, 0, count - 1)} * lanes; };
  for (int c = 0; c < lanes; ++c) {
    // Running sums in double: what enters and leaves cancels to far below a code value.
    double sum = 0;
    for (int k = -box.n; k <= box.n; ++k) sum += static_cast<double>(at(k)[c]);
    for (int i = 0; i < count; ++i) {
      const float ends = box.f * (at(i - box.n - 1)[c] + at(i + box.n + 1)[c]);
      to[std::ptrdiff_t{i} * lanes + c] = (static_cast<float>(sum) + ends) * box.scale;
      sum += static_cast<double>(at(i + box.n + 1)[c]) - static_cast<double>(at(i - box.n)[c]);
    }
  }
}

void blur_three(const Box1d& box, std::vector<float>& a, std::vector<float>& b, int count,
                int lanes) {
  if (std::all_of(a.begin(), a.end(), [](float v) { return v == 0; })) return;
  blur_line(box, a.data(), b.data(), count, lanes);
  blur_line(box, b.data(), a.data(), count, lanes);
  blur_line(box, a.data(), b.data(), count, lanes);
  a.swap(b);
}

}  // namespace

void blur_disc(ImageView<float> image, float diameter_px) {
  const Box1d box = Box1d::of(diameter_px);
  if (diameter_px < 0.25F || image.empty()) return;
  const int lanes = image.channels();
  parallel_for(image.height(), 8, [&](std::int64_t begin, std::int64_t end) {
    for (int y = static_cast<int>(begin); y < static_cast<int>(end); ++y) {
      const auto row = image.row(y);
      std::vector<float> a(row.begin(), row.end());
      std::vector<float> b(a.size());
      blur_three(box, a, b, image.width(), lanes);
      std::copy(a.begin(), a.end(), row.begin());
    }
  });
  // A strip of columns at a time, so that a cache line is used whole.
  constexpr int kStrip = 8;
  const int strips = (image.width() + kStrip - 1) / kStrip;
  parallel_for(strips, 1, [&](std::int64_t begin, std::int64_t end) {
    for (int strip = static_cast<int>(begin); strip < static_cast<int>(end); ++strip) {
      const int x0 = strip * kStrip;
      const int wide = (std::min(image.width(), x0 + kStrip) - x0) * lanes;
      std::vector<float> a(static_cast<std::size_t>(image.height()) *
                           static_cast<std::size_t>(wide));
      std::vector<float> b(a.size());
      for (int y = 0; y < image.height(); ++y) {
        std::copy_n(&image.at(y, x0), wide, a.data() + std::ptrdiff_t{y} * wide);
      }
      blur_three(box, a, b, image.height(), wide);
      for (int y = 0; y < image.height(); ++y) {
        std::copy_n(a.data() + std::ptrdiff_t{y} * wide, wide, &image.at(y, x0));
      }
    }
  });
}

}  // namespace pluvia::synth
