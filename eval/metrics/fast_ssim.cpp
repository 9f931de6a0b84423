// SPDX-License-Identifier: Apache-2.0
// How it is fast: strips of columns so narrow that everything stays in the first-level cache; the
// window separated and folded (its taps are symmetric); every product computed once; channels left
// interleaved (a neighbour is `channels` samples away); loops that compilers vectorise.
//
// How single precision stays exact enough: not a and b but s = a + b and d = a - b are filtered.
// With M, D their means and vs, vd their variances (over the window),
//   SSIM = (M^2 - D^2 + 2 C1)(vs - vd + 2 C2) / ((M^2 + D^2 + 2 C1)(vs + vd + 2 C2)),
// where vd and D are small when the pictures are alike, so that the rounding of vs, the only large
// number that cancels, is multiplied by 1 - SSIM.
#include "eval/metrics/fast_ssim.h"

#include <algorithm>
#include <array>

#include "core/for_each.h"
#include "eval/metrics/label_sums.h"

namespace pluvia {
namespace {

constexpr int kMostChannels = 3;
constexpr int kMiddle = 256;  // of s = a + b: subtracted, so that squares are small

template <typename Real>
constexpr int kStrip = sizeof(Real) == 4 ? 144 : 72;  // samples; a multiple of every channel count

template <typename Real>
struct Constants {
  std::array<Real, 6> taps{};  // from the middle outwards
  Real c1 = 0;                 // twice the formula's, as the sums above need
  Real c2 = 0;
  Real scale = 1;
};

// Filtered s, d, s^2, d^2 of one row of a strip.
template <typename Real>
struct Filtered {
  std::array<std::array<Real, kStrip<Real>>, 4> maps;
};

template <typename Real, int kRadius>
inline Real folded(const Real* at, std::ptrdiff_t step, const std::array<Real, 6>& taps) {
  Real sum = taps[0] * at[0];
  for (int k = 1; k <= kRadius; ++k) {
    sum += taps[static_cast<std::size_t>(k)] * (at[k * step] + at[-k * step]);
  }
  return sum;
}

// Along a row: `n` results, the first of which is centred at sample kRadius * step.
template <typename Real, int kRadius, int kStep>
PLUVIA_ALL_LEVELS void filter_across(const std::uint8_t* a, const std::uint8_t* b, int n,
                                     const Constants<Real>& constants, Filtered<Real>& out) {
  constexpr int kHalo = kRadius * kStep;
  std::array<std::array<Real, kStrip<Real> + 2 * kHalo>, 4> in;
  for (int i = 0; i < n + 2 * kHalo; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Real s = static_cast<Real>(static_cast<int>(a[i]) + static_cast<int>(b[i]) - kMiddle);
    const Real d = static_cast<Real>(static_cast<int>(a[i]) - static_cast<int>(b[i]));
    in[0][at] = s;
    in[1][at] = d;
    in[2][at] = s * s;
    in[3][at] = d * d;
  }
  const std::array<Real, 6> taps = constants.taps;
  for (std::size_t map = 0; map < 4; ++map) {
    const Real* const from = in[map].data() + kHalo;
    Real* const to = out.maps[map].data();
    for (int x = 0; x < n; ++x) to[x] = folded<Real, kRadius>(from + x, kStep, taps);
  }
}

// Down the rows that a window spans, and the map of its middle.
template <typename Real, int kRadius>
PLUVIA_ALL_LEVELS void filter_down(const Filtered<Real>* const* rows, int n,
                                   const Constants<Real>& constants, Real* out) {
  std::array<const Real*, 2 * kRadius + 1> r;
  for (std::size_t k = 0; k < r.size(); ++k) r[k] = rows[k]->maps[0].data();
  const std::array<Real, 6> taps = constants.taps;
  const Real c1 = constants.c1;
  const Real c2 = constants.c2;
  const Real scale = constants.scale;
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
    const Real s = mean[0] + kMiddle;
    const Real ss = s * s;
    const Real dd = mean[1] * mean[1];
    const Real variance_s = scale * (mean[2] - mean[0] * mean[0]);
    const Real variance_d = scale * (mean[3] - dd);
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
    for (std::size_t k = 0; k < 8; ++k) lanes[k] += static_cast<double>(values[x + static_cast<int>(k)]);
  }
  for (; x < n; ++x) lanes[0] += static_cast<double>(values[x]);
  return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
         ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

template <typename Real, int kRadius, int kStep>
void add_strip(const ImageView<const std::uint8_t>& a, const ImageView<const std::uint8_t>& b,
               const ImageView<const std::uint8_t>& labels, int first_pixel,
               const Constants<Real>& constants, std::vector<MetricSum>& sums) {
  constexpr int kSize = 2 * kRadius + 1;
  const int pixels = std::min(kStrip<Real> / kStep, a.width() - kSize + 1 - first_pixel);
  const int n = pixels * kStep;
  std::array<Filtered<Real>, kSize> ring;
  std::array<Real, kStrip<Real>> map;
  for (int y = 0; y < a.height(); ++y) {
    filter_across<Real, kRadius, kStep>(a.row(y).data() + first_pixel * kStep,
                                        b.row(y).data() + first_pixel * kStep, n, constants,
                                        ring[static_cast<std::size_t>(y % kSize)]);
    if (y < kSize - 1) continue;
    std::array<const Filtered<Real>*, kSize> rows;
    for (int k = 0; k < kSize; ++k) {
      rows[static_cast<std::size_t>(k)] = &ring[static_cast<std::size_t>((y + 1 + k) % kSize)];
    }
    filter_down<Real, kRadius>(rows.data(), n, constants, map.data());
    if (labels.empty()) {
      sums[0].sum += sum_of(map.data(), n);
      sums[0].count += n;
      continue;
    }
    const auto under = labels.crop(y - kRadius, first_pixel + kRadius, 1, pixels);
    for_each_run(under, 0, pixels, [&](int begin, int end, int label) {
      MetricSum& into = sums[static_cast<std::size_t>(label)];
      into.sum += sum_of(map.data() + begin * kStep, (end - begin) * kStep);
      into.count += (end - begin) * kStep;
    });
  }
}

template <typename Real, int kRadius, int kStep>
std::vector<MetricSum> all_strips(ImageView<const std::uint8_t> a, ImageView<const std::uint8_t> b,
                                  ImageView<const std::uint8_t> labels, int count,
                                  const FastSsim& options) {
  Constants<Real> constants;
  for (int k = 0; k <= kRadius; ++k) {
    constants.taps[static_cast<std::size_t>(k)] =
        static_cast<Real>(options.taps[static_cast<std::size_t>(kRadius + k)]);
  }
  constants.c1 = static_cast<Real>(2 * (0.01 * options.range) * (0.01 * options.range));
  constants.c2 = static_cast<Real>(2 * (0.03 * options.range) * (0.03 * options.range));
  constants.scale = static_cast<Real>(options.covariance_scale);
  std::vector<MetricSum> sums(static_cast<std::size_t>(count));
  for (int x = 0; x + 2 * kRadius < a.width(); x += kStrip<Real> / kStep) {
    add_strip<Real, kRadius, kStep>(a, b, labels, x, constants, sums);
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
