// SPDX-License-Identifier: Apache-2.0
// How it is fast: strips of columns so narrow that everything stays in the first-level cache; the
// window separated and folded (its taps are symmetric); every product computed once; channels left
// interleaved (a neighbour is `channels` samples away); loops that compilers vectorise.
//
// How single precision stays exact enough: not a and b but s = a + b and d = a - b are filtered.
// With M, D their means and vs, vd their variances (over the window),
//   SSIM = (M^2 - D^2 + 2 C1)(vs - vd + 2 C2) / ((M^2 + D^2 + 2 C1)(vs + vd + 2 C2)),
// where vd and D are small when the pictures are alike, so that the rounding of vs, the only large
// number that cancels, is multiplied by 1 - SSIM. And both are taken from a whole number near their
// mean in the strip and block of rows (the pivots), so that squares are small where it is flat.
#include "eval/metrics/fast_ssim.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/for_each.h"
#include "eval/metrics/label_sums.h"

namespace pluvia {
namespace {

constexpr int kMostChannels = 3;
constexpr int kBlockRows = 64;   // rows between two looks at the pivots
constexpr int kPivotSlack = 40;  // a pivot this near the mean stays

template <typename Real>
constexpr int kStrip = sizeof(Real) == 4 ? 144 : 72;  // samples; a multiple of every channel count

struct Pivots {
  int s = 0;
  int d = 0;
};

template <typename Real>
struct Constants {
  std::array<Real, 6> taps{};  // from the middle outwards
  Real c1 = 0;                 // twice the formula's, as the sums above need
  Real c2 = 0;
  Real scale = 1;
};

// Filtered s, d, s^2, d^2 of one row of a strip.
template <typename Real>
struct alignas(64) Filtered {
  std::array<std::array<Real, kStrip<Real>>, 4> maps;
};

// Along a row: `n` results, the first of which is centred at sample kRadius * kStep.
template <typename Real, int kRadius, int kStep>
PLUVIA_ALL_LEVELS void filter_across(const std::uint8_t* a, const std::uint8_t* b, int n,
                                     const std::array<Real, 6>& all_taps, Pivots pivots,
                                     Filtered<Real>& out) {
  constexpr int kHalo = kRadius * kStep;
  alignas(64) std::array<std::array<Real, kStrip<Real> + 2 * kHalo>, 4> in;
  for (int i = 0; i < n + 2 * kHalo; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Real s = static_cast<Real>(static_cast<int>(a[i]) + static_cast<int>(b[i]) - pivots.s);
    const Real d = static_cast<Real>(static_cast<int>(a[i]) - static_cast<int>(b[i]) - pivots.d);
    in[0][at] = s;
    in[1][at] = d;
    in[2][at] = s * s;
    in[3][at] = d * d;
  }
  const std::array<Real, 6> taps = all_taps;
  for (std::size_t map = 0; map < 4; ++map) {
    const Real* const from = in[map].data() + kHalo;
    Real* const to = out.maps[map].data();
    for (int x = 0; x < n; ++x) {
      Real sum = taps[0] * from[x];
      for (int k = 1; k <= kRadius; ++k) {
        sum += taps[static_cast<std::size_t>(k)] * (from[x + k * kStep] + from[x - k * kStep]);
      }
      to[x] = sum;
    }
  }
}

// Down the rows that a window spans, and the map of its middle.
template <typename Real, int kRadius>
PLUVIA_ALL_LEVELS void filter_down(const Filtered<Real>* const* rows, int n, Pivots pivots,
                                   const Constants<Real>& constants, Real* out) {
  std::array<const Real*, 2 * kRadius + 1> r;
  for (std::size_t k = 0; k < r.size(); ++k) r[k] = rows[k]->maps[0].data();
  const std::array<Real, 6> taps = constants.taps;
  const Real c1 = constants.c1;
  const Real c2 = constants.c2;
  const Real scale = constants.scale;
  const Real pivot_s = static_cast<Real>(pivots.s);
  const Real pivot_d = static_cast<Real>(pivots.d);
#pragma GCC ivdep
  for (int x = 0; x < n; ++x) {
    std::array<Real, 4> mean;
    for (int map = 0; map < 4; ++map) {
      const int at = map * kStrip<Real> + x;
      Real sum = taps[0] * r[kRadius][at];
      for (std::size_t k = 1; k <= kRadius; ++k) {
        sum += taps[k] * (r[kRadius + k][at] + r[kRadius - k][at]);
      }
      mean[static_cast<std::size_t>(map)] = sum;
    }
    const Real s = mean[0] + pivot_s;
    const Real d = mean[1] + pivot_d;
    const Real ss = s * s;
    const Real dd = d * d;
    const Real variance_s = scale * (mean[2] - mean[0] * mean[0]);
    const Real variance_d = scale * (mean[3] - mean[1] * mean[1]);
    out[x] = ((ss - dd + c1) * (variance_s - variance_d + c2)) /
             ((ss + dd + c1) * (variance_s + variance_d + c2));
  }
}

// In a fixed order whatever the width of the CPU's registers.
template <typename Real>
PLUVIA_ALL_LEVELS double sum_of(const Real* values, int n) {
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
template <typename Real, int kRadius, int kStep>
class Strip {
 public:
  Strip(const ImageView<const std::uint8_t>& a, const ImageView<const std::uint8_t>& b,
        int first_pixel, const Constants<Real>& constants)
      : a_(a),
        b_(b),
        first_pixel_(first_pixel),
        pixels_(std::min(kStrip<Real> / kStep, a.width() - kSize + 1 - first_pixel)),
        constants_(constants) {}

  int pixels() const { return pixels_; }

  /// The map's row whose windows begin at row `top`; rows are asked for in order.
  const Real* row(int top) {
    if (top % kBlockRows == 0) look_at_pivots(top);
    while (filtered_to_ < top + kSize) filter(filtered_to_++);
    std::array<const Filtered<Real>*, kSize> rows;
    for (int k = 0; k < kSize; ++k) {
      rows[static_cast<std::size_t>(k)] = &ring_[static_cast<std::size_t>((top + k) % kSize)];
    }
    filter_down<Real, kRadius>(rows.data(), pixels_ * kStep, pivots_, constants_, map_.data());
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
    filter_across<Real, kRadius, kStep>(samples(a_, y), samples(b_, y), pixels_ * kStep,
                                        constants_.taps, pivots_,
                                        ring_[static_cast<std::size_t>(y % kSize)]);
  }

  const ImageView<const std::uint8_t>& a_;
  const ImageView<const std::uint8_t>& b_;
  int first_pixel_;
  int pixels_;
  const Constants<Real>& constants_;
  Pivots pivots_;
  int filtered_to_ = 0;
  std::array<Filtered<Real>, kSize> ring_;
  alignas(64) std::array<Real, kStrip<Real>> map_;
};

template <typename Real, int kRadius, int kStep>
void add_strip(Strip<Real, kRadius, kStep>& strip, const ImageView<const std::uint8_t>& labels,
               int first_pixel, int rows, std::vector<MetricSum>& sums) {
  const int pixels = strip.pixels();
  for (int top = 0; top < rows; ++top) {
    const Real* const map = strip.row(top);
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

// Taps that add to exactly 1: with a sum of 1 + e, flat areas would have a variance of -2 e s^2. In
// single precision all are whole multiples of 2^-25, the middle one what the others leave.
template <typename Real, int kRadius>
std::array<Real, 6> taps_of(std::span<const double> taps) {
  std::array<Real, 6> out{};
  const double grid = sizeof(Real) == 4 ? 0x1p25 : 0x1p53;
  double rest = 1;
  for (std::size_t k = kRadius; k >= 1; --k) {
    const double tap = std::nearbyint(taps[kRadius + k] * grid) / grid;
    out[k] = static_cast<Real>(tap);
    rest -= 2 * tap;
  }
  out[0] = static_cast<Real>(rest);
  return out;
}

template <typename Real, int kRadius, int kStep>
std::vector<MetricSum> all_strips(ImageView<const std::uint8_t> a, ImageView<const std::uint8_t> b,
                                  ImageView<const std::uint8_t> labels, int count,
                                  const FastSsim& options) {
  Constants<Real> constants;
  constants.taps = taps_of<Real, kRadius>(options.taps);
  constants.c1 = static_cast<Real>(2 * (0.01 * options.range) * (0.01 * options.range));
  constants.c2 = static_cast<Real>(2 * (0.03 * options.range) * (0.03 * options.range));
  constants.scale = static_cast<Real>(options.covariance_scale);
  std::vector<MetricSum> sums(static_cast<std::size_t>(count));
  for (int x = 0; x + 2 * kRadius < a.width(); x += kStrip<Real> / kStep) {
    Strip<Real, kRadius, kStep> strip(a, b, x, constants);
    add_strip(strip, labels, x, a.height() - 2 * kRadius, sums);
  }
  return sums;
}

template <int kRadius, int kStep>
std::vector<MetricSum> in_precision(ImageView<const std::uint8_t> a,
                                    ImageView<const std::uint8_t> b,
                                    ImageView<const std::uint8_t> labels, int count,
                                    const FastSsim& options) {
  return options.single ? all_strips<float, kRadius, kStep>(a, b, labels, count, options)
                        : all_strips<double, kRadius, kStep>(a, b, labels, count, options);
}

}  // namespace

std::vector<MetricSum> fast_ssim_sums(ImageView<const std::uint8_t> a,
                                      ImageView<const std::uint8_t> b,
                                      ImageView<const std::uint8_t> labels, int count,
                                      const FastSsim& options) {
  const std::size_t size = options.taps.size();
  PLUVIA_CHECK(size == 7 || size == 11, size);
  PLUVIA_CHECK(a.channels() == 1 || a.channels() == kMostChannels, a.channels());
  const bool small = size == 7;
  if (a.channels() == 1) {
    return small ? in_precision<3, 1>(a, b, labels, count, options)
                 : in_precision<5, 1>(a, b, labels, count, options);
  }
  return small ? in_precision<3, 3>(a, b, labels, count, options)
               : in_precision<5, 3>(a, b, labels, count, options);
}

}  // namespace pluvia
