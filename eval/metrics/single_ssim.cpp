// SPDX-License-Identifier: Apache-2.0
// How it is fast: strips of columns so narrow that everything stays in the first-level cache; the
// window separated and folded (its taps are symmetric); every product computed once; channels left
// interleaved (a neighbour is `channels` samples away); loops that compilers vectorise.
//
// How it stays exact enough: not a and b but s = a + b and d = a - b are filtered.
// With M, D their means and vs, vd their variances (over the window),
//   SSIM = (M^2 - D^2 + 2 C1)(vs - vd + 2 C2) / ((M^2 + D^2 + 2 C1)(vs + vd + 2 C2)),
// where vd and D are small when the pictures are alike, so that the rounding of vs, the only large
// number that cancels, is multiplied by 1 - SSIM. And both are taken from a whole number near their
// mean in the strip and block of rows (the pivots), so that squares are small where it is flat.
#include "eval/metrics/single_ssim.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/for_each.h"
#include "core/independent.h"
#include "eval/metrics/label_sums.h"

namespace pluvia {
namespace {

constexpr int kMostChannels = 3;
constexpr int kBlockRows = 64;   // rows between two looks at the pivots
constexpr int kPivotSlack = 40;  // a pivot this near the mean stays

constexpr int kStrip = 144;      // samples; a multiple of every channel count

struct Pivots {
  int s = 0;
  int d = 0;
};

struct Constants {
  std::array<float, 6> taps{};  // from the middle outwards
  float c1 = 0;                 // twice the formula's, as the sums above need
  float c2 = 0;
  float scale = 1;
};

// Filtered s, d, s^2, d^2 of one row of a strip.
struct alignas(64) Filtered {
  std::array<std::array<float, kStrip>, 4> maps;
};

// Along a row: `n` results, the first of which is centred at sample kRadius * kStep.
template <int kRadius, int kStep>
PLUVIA_ALL_LEVELS void filter_across(const std::uint8_t* a, const std::uint8_t* b, int n,
                                     const std::array<float, 6>& all_taps, Pivots pivots,
                                     Filtered& out) {
  constexpr int kHalo = kRadius * kStep;
  alignas(64) std::array<std::array<float, kStrip + 2 * kHalo>, 4> in;
  for (int i = 0; i < n + 2 * kHalo; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const float s = static_cast<float>(static_cast<int>(a[i]) + static_cast<int>(b[i]) - pivots.s);
    const float d = static_cast<float>(static_cast<int>(a[i]) - static_cast<int>(b[i]) - pivots.d);
    in[0][at] = s;
    in[1][at] = d;
    in[2][at] = s * s;
    in[3][at] = d * d;
  }
  const std::array<float, 6> taps = all_taps;
  for (std::size_t map = 0; map < 4; ++map) {
    const float* const from = in[map].data() + kHalo;
    float* const to = out.maps[map].data();
    for (int x = 0; x < n; ++x) {
      float sum = taps[0] * from[x];
      for (int k = 1; k <= kRadius; ++k) {
        sum += taps[static_cast<std::size_t>(k)] * (from[x + k * kStep] + from[x - k * kStep]);
      }
      to[x] = sum;
    }
  }
}

// Down the rows that a window spans, and the map of its middle.
template <int kRadius>
PLUVIA_ALL_LEVELS void filter_down(const Filtered* const* rows, int n, Pivots pivots,
                                   const Constants& constants, float* out) {
  std::array<const float*, 2 * kRadius + 1> r;
  for (std::size_t k = 0; k < r.size(); ++k) r[k] = rows[k]->maps[0].data();
  const std::array<float, 6> taps = constants.taps;
  const float c1 = constants.c1;
  const float c2 = constants.c2;
  const float scale = constants.scale;
  const float pivot_s = static_cast<float>(pivots.s);
  const float pivot_d = static_cast<float>(pivots.d);
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) {
    std::array<float, 4> mean;
    for (int map = 0; map < 4; ++map) {
      const int at = map * kStrip + x;
      float sum = taps[0] * r[kRadius][at];
      for (std::size_t k = 1; k <= kRadius; ++k) {
        sum += taps[k] * (r[kRadius + k][at] + r[kRadius - k][at]);
      }
      mean[static_cast<std::size_t>(map)] = sum;
    }
    const float s = mean[0] + pivot_s;
    const float d = mean[1] + pivot_d;
    const float ss = s * s;
    const float dd = d * d;
    const float variance_s = scale * (mean[2] - mean[0] * mean[0]);
    const float variance_d = scale * (mean[3] - mean[1] * mean[1]);
    out[x] = ((ss - dd + c1) * (variance_s - variance_d + c2)) /
             ((ss + dd + c1) * (variance_s + variance_d + c2));
  }
}

// In a fixed order whatever the width of the CPU's registers.
PLUVIA_ALL_LEVELS double sum_of(const float* values, int n) {
  std::array<double, 8> lanes{};
  int x = 0;
  for (; x + 8 <= n; x += 8) {
    for (std::size_t k = 0; k < 8; ++k)
      lanes[k] += static_cast<double>(values[x + static_cast<int>(k)]);
  }
  for (; x < n; ++x) lanes[0] += static_cast<double>(values[x]);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

// Means of s and d over a row of samples, rounded.
Pivots means_of(const std::uint8_t* a, const std::uint8_t* b, int n) {
  int sum_a = 0;
  int sum_b = 0;
  for (int i = 0; i < n; ++i) {
    sum_a += a[i];
    sum_b += b[i];
  }
  return {(sum_a + sum_b) / n, (sum_a - sum_b) / n};
}

bool near(Pivots a, Pivots b) {
  return std::abs(a.s - b.s) <= kPivotSlack && std::abs(a.d - b.d) <= kPivotSlack;
}

/// One strip of columns from top to bottom.
template <int kRadius, int kStep>
class Strip {
 public:
  Strip(const ImageView<const std::uint8_t>& a, const ImageView<const std::uint8_t>& b,
        int first_pixel, const Constants& constants)
      : a_(a),
        b_(b),
        first_pixel_(first_pixel),
        pixels_(std::min(kStrip / kStep, a.width() - kSize + 1 - first_pixel)),
        constants_(constants) {}

  int pixels() const { return pixels_; }

  /// The map's row whose windows begin at row `top`; rows are asked for in order.
  const float* row(int top) {
    if (top % kBlockRows == 0) look_at_pivots(top);
    while (filtered_to_ < top + kSize) filter(filtered_to_++);
    std::array<const Filtered*, kSize> rows;
    for (int k = 0; k < kSize; ++k) {
      rows[static_cast<std::size_t>(k)] = &ring_[static_cast<std::size_t>((top + k) % kSize)];
    }
    filter_down<kRadius>(rows.data(), pixels_ * kStep, pivots_, constants_, map_.data());
    return map_.data();
  }

 private:
  static constexpr int kSize = 2 * kRadius + 1;

  const std::uint8_t* samples(const ImageView<const std::uint8_t>& image, int y) const {
    return image.row(y).data() + first_pixel_ * kStep;
  }

  // Rows filtered with other pivots are of no use to the next windows.
  void look_at_pivots(int top) {
    const int middle = std::min(top + (kBlockRows + kSize) / 2, a_.height() - 1);
    const Pivots now =
        means_of(samples(a_, middle), samples(b_, middle), (pixels_ + kSize - 1) * kStep);
    if (near(now, pivots_)) return;
    pivots_ = now;
    filtered_to_ = top;
  }

  void filter(int y) {
    filter_across<kRadius, kStep>(samples(a_, y), samples(b_, y), pixels_ * kStep,
                                        constants_.taps, pivots_,
                                        ring_[static_cast<std::size_t>(y % kSize)]);
  }

  const ImageView<const std::uint8_t>& a_;
  const ImageView<const std::uint8_t>& b_;
  int first_pixel_;
  int pixels_;
  const Constants& constants_;
  Pivots pivots_;
  int filtered_to_ = 0;
  std::array<Filtered, kSize> ring_;
  alignas(64) std::array<float, kStrip> map_;
};

template <int kRadius, int kStep>
void add_strip(Strip<kRadius, kStep>& strip, const ImageView<const std::uint8_t>& labels,
               int first_pixel, int rows, std::vector<MetricSum>& sums) {
  const int pixels = strip.pixels();
  for (int top = 0; top < rows; ++top) {
    const float* const map = strip.row(top);
    if (labels.empty()) {
      sums[0].sum += sum_of(map, pixels * kStep);
      sums[0].count += pixels * kStep;
      continue;
    }
    const auto under = labels.crop(top + kRadius, first_pixel + kRadius, 1, pixels);
    for_each_run(under, 0, pixels, [&](int begin, int end, int label) {
      MetricSum& into = sums[static_cast<std::size_t>(label)];
      into.sum += sum_of(map + begin * kStep, (end - begin) * kStep);
      into.count += (end - begin) * kStep;
    });
  }
}

// Taps that add to exactly 1: with a sum of 1 + e, flat areas would have a variance of -2 e s^2.
// All are whole multiples of 2^-25, the middle one what the others leave.
template <int kRadius>
std::array<float, 6> taps_of(std::span<const double> taps) {
  std::array<float, 6> out{};
  constexpr double kGrid = 0x1p25;
  double rest = 1;
  for (std::size_t k = kRadius; k >= 1; --k) {
    const double tap = std::nearbyint(taps[kRadius + k] * kGrid) / kGrid;
    out[k] = static_cast<float>(tap);
    rest -= 2 * tap;
  }
  out[0] = static_cast<float>(rest);
  return out;
}

template <int kRadius, int kStep>
std::vector<MetricSum> all_strips(ImageView<const std::uint8_t> a, ImageView<const std::uint8_t> b,
                                  ImageView<const std::uint8_t> labels, int count,
                                  const WindowSsim& options) {
  Constants constants;
  constants.taps = taps_of<kRadius>(options.taps);
  constants.c1 = static_cast<float>(2 * (0.01 * options.range) * (0.01 * options.range));
  constants.c2 = static_cast<float>(2 * (0.03 * options.range) * (0.03 * options.range));
  constants.scale = static_cast<float>(options.covariance_scale);
  std::vector<MetricSum> sums(static_cast<std::size_t>(count));
  for (int x = 0; x + 2 * kRadius < a.width(); x += kStrip / kStep) {
    Strip<kRadius, kStep> strip(a, b, x, constants);
    add_strip(strip, labels, x, a.height() - 2 * kRadius, sums);
  }
  return sums;
}

}  // namespace

std::vector<MetricSum> single_ssim_sums(ImageView<const std::uint8_t> a,
                                      ImageView<const std::uint8_t> b,
                                      ImageView<const std::uint8_t> labels, int count,
                                      const WindowSsim& options) {
  const std::size_t size = options.taps.size();
  PLUVIA_CHECK(size == 7 || size == 11, size);
  PLUVIA_CHECK(a.channels() == 1 || a.channels() == kMostChannels, a.channels());
  const bool small = size == 7;
  if (a.channels() == 1) {
    return small ? all_strips<3, 1>(a, b, labels, count, options)
                 : all_strips<5, 1>(a, b, labels, count, options);
  }
  return small ? all_strips<3, 3>(a, b, labels, count, options)
               : all_strips<5, 3>(a, b, labels, count, options);
}

}  // namespace pluvia
