// SPDX-License-Identifier: Apache-2.0
// How it is fast: strips of columns so narrow that all rows of a block stay near; along rows in
// 16-bit integers (moment_filter.h), down the columns in double by a chain of short windows
// (window_cascade.h), whose last samples stay in registers through a block of rows; no division in
// double; channels left interleaved.
//
// From the means over a window of a and b (both less 128), of their squares' sum Q and of
// D = (a-b)^2,
//   va + vb = Q - (ma^2 + mb^2),   2 cov = Q - D - 2 ma mb,
// so that equal pictures, with D = 0, score exactly 1. The sums' order is fixed and std::fma rounds
// once on every CPU (slowly on those from before 2013, which lack the instruction): all agree.
#include "eval/metrics/exact_ssim.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "core/for_each.h"
#include "core/independent.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/moment_filter.h"
#include "eval/metrics/window_cascade.h"

namespace pluvia {
namespace {

constexpr int kBlock = 24;  // rows that are filtered in one go (12: 3 % slower)

/// Means come times `gain`, the map's two factors times its square and divided by it.
struct Constants {
  double gain = 1;
  double shift_of_sum = 0;  ///< 256 gain
  double shift = 0;         ///< (2 128^2 + c1) gain^2
  double middle = 0;        ///< 32512 gain
  double scale = 1;         ///< of (co)variances, by gain^-4
  double c2 = 0;            ///< by gain^-2
};

using Map = std::array<double, kMomentStrip>;
using Block = std::array<MomentRow, kBlock>;

/// The chain's last samples, of one plane; with seven taps the first six.
using Delays = std::array<Map, 10>;

// Down the columns of one plane, in place: of each row comes what the window gives whose last row
// it is, times the chain's gain.
template <int kRadius>
PLUVIA_ALL_LEVELS void filter_down(Block& block, std::size_t plane, int n,
                                   const WindowCascade& cascade, Delays& all_delays) {
  std::array<double*, kBlock> rows;
  for (std::size_t k = 0; k < kBlock; ++k) rows[k] = block[k].maps[plane].data();
  std::array<double*, 2 * kRadius> delays;
  for (std::size_t k = 0; k < delays.size(); ++k) delays[k] = all_delays[k].data();
  const double first = cascade.first;
  const auto pairs = cascade.pairs;
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) {
    std::array<double, 2 * kRadius> d;
#pragma GCC unroll 10
    for (std::size_t k = 0; k < d.size(); ++k) d[k] = delays[k][x];
#pragma GCC unroll 24
    for (std::size_t row = 0; row < kBlock; ++row) {
      double value = rows[row][x];
      const double of_three = std::fma(first, d[0], value + d[1]);
      d[1] = d[0];
      d[0] = value;
      value = of_three;
#pragma GCC unroll 2
      for (std::size_t pair = 0; 4 * pair + 2 < d.size(); ++pair) {
        const std::size_t at = 4 * pair + 2;
        const double outer = std::fma(pairs[pair][0], d[at] + d[at + 2], value + d[at + 3]);
        const double of_five = std::fma(pairs[pair][1], d[at + 1], outer);
        d[at + 3] = d[at + 2];
        d[at + 2] = d[at + 1];
        d[at + 1] = d[at];
        d[at] = value;
        value = of_five;
      }
      rows[row][x] = value;
    }
#pragma GCC unroll 10
    for (std::size_t k = 0; k < d.size(); ++k) delays[k][x] = d[k];
  }
}

// x / y to the last place, where y fits a float: a single-precision reciprocal, made better twice.
// Doubles take several times as long to divide. Exactly 1 for equal ones.
inline double quotient(double x, double y) {
  const double seed = static_cast<double>(1.0F / static_cast<float>(y));
  const double inverse = std::fma(seed, std::fma(-y, seed, 1.0), seed);
  const double first = x * inverse;
  return std::fma(std::fma(-y, first, x), inverse, first);
}

// From the means of a-128, b-128, half of a(a-255) + b(b-255), (a-b)^2, all times the gain.
inline double ssim_of(double a, double b, double half, double difference,
                      const Constants& constants) {
  const double sum = a + b;
  // Both alike, so that they are equal where a and b are.
  const double squares = std::fma(b, b, a * a);
  const double twice = std::fma(a, b, a * b);
  // (a + 128)^2 + (b + 128)^2 and 2 (a + 128)(b + 128) exceed these two by the same.
  const double shift = std::fma(constants.shift_of_sum, sum, constants.shift);
  const double q = std::fma(2.0, half, constants.middle - sum);  // (a-128)^2 + (b-128)^2
  const double spread = std::fma(constants.gain, q, -squares);
  const double common = std::fma(constants.gain, q - difference, -twice);
  return quotient((twice + shift) * std::fma(constants.scale, common, constants.c2),
                  (squares + shift) * std::fma(constants.scale, spread, constants.c2));
}

PLUVIA_ALL_LEVELS void map_of(const MomentRow& means, int n, const Constants& constants,
                              double* out) {
  const Constants c = constants;
  const double* const a = means.maps[0].data();
  const double* const b = means.maps[1].data();
  const double* const half = means.maps[2].data();
  const double* const difference = means.maps[3].data();
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) out[x] = ssim_of(a[x], b[x], half[x], difference[x], c);
}

// Sums in a fixed order whatever the width of the CPU's registers.
struct Lanes {
  static constexpr int kCount = 32;
  std::array<double, kCount> sums{};

  template <typename At>
  void add(int n, const At& at) {
    int x = 0;
    for (; x + kCount <= n; x += kCount) {
      PLUVIA_INDEPENDENT
      for (int k = 0; k < kCount; ++k) sums[static_cast<std::size_t>(k)] += at(x + k);
    }
    for (int k = 0; x + k < n; ++k) sums[static_cast<std::size_t>(k)] += at(x + k);
  }

  double total() const {
    std::array<double, kCount> left = sums;
    for (std::size_t half = kCount / 2; half > 0; half /= 2) {
      for (std::size_t k = 0; k < half; ++k) left[k] += left[k + half];
    }
    return left[0];
  }
};

PLUVIA_ALL_LEVELS double sum_of(const double* values, int n) {
  Lanes lanes;
  lanes.add(n, [&](int x) { return values[x]; });
  return lanes.total();
}

// Adds rows of the map where nobody asks for its values.
PLUVIA_ALL_LEVELS void add_map(const MomentRow* rows, int count, int n, const Constants& constants,
                               Lanes& to) {
  const Constants c = constants;
  Lanes lanes = to;
  for (int j = 0; j < count; ++j) {
    const double* const a = rows[j].maps[0].data();
    const double* const b = rows[j].maps[1].data();
    const double* const half = rows[j].maps[2].data();
    const double* const difference = rows[j].maps[3].data();
    lanes.add(n, [&](int x) { return ssim_of(a[x], b[x], half[x], difference[x], c); });
  }
  to = lanes;
}

/// What all strips share.
struct Job {
  ImageView<const std::uint8_t> a;
  ImageView<const std::uint8_t> b;
  ImageView<const std::uint8_t> labels;
  SplitTaps split;
  WindowCascade cascade;
  Constants constants;
  std::vector<MetricSum> sums;

  int radius() const { return split.radius; }
  int map_rows() const { return a.height() - 2 * radius(); }
  int map_columns() const { return a.width() - 2 * radius(); }
};

/// One strip of columns from top to bottom.
class Strip {
 public:
  Strip(Job& job, int first_pixel)
      : job_(job),
        step_(job.a.channels()),
        first_pixel_(first_pixel),
        pixels_(std::min(kMomentStrip / step_, job.map_columns() - first_pixel)),
        filter_(job.split, step_) {}

  void add() {
    for (int top = 0; top < job_.a.height(); top += kBlock) {
      const int count = std::min(kBlock, job_.a.height() - top);
      for (int j = 0; j < count; ++j) filter(top + j, block_[static_cast<std::size_t>(j)]);
      filter_columns();
      // A window ends at the block's row; the first rows end none.
      const int skipped = std::max(0, 2 * job_.radius() - top);
      if (skipped < count) add_rows(top - 2 * job_.radius(), skipped, count);
    }
    if (job_.labels.empty()) {
      job_.sums[0].sum += lanes_.total();
      job_.sums[0].count += double{1} * job_.map_rows() * samples();
    }
  }

 private:
  void filter(int y, MomentRow& out) {
    if (y == 0) take(0);
    if (y + 1 < job_.a.height()) take(y + 1);
    filter_.filter(out);
  }

  // A strip's rows lie a page apart, where the CPU does not see them coming.
  void take(int y) {
    const auto samples = [&](const ImageView<const std::uint8_t>& image) {
      constexpr int kAhead = 12;
      constexpr int kLine = 64;
      const std::uint8_t* const ahead =
          image.row(std::min(y + kAhead, image.height() - 1)).data() + first_pixel_ * step_;
      for (int i = 0; i < pixels_ * step_; i += kLine) __builtin_prefetch(ahead + i);
      return image.row(y).data() + first_pixel_ * step_;
    };
    filter_.take(samples(job_.a), samples(job_.b), pixels_ * step_,
                 (job_.a.width() - first_pixel_) * step_);
  }

  int whole_registers() const { return (samples() + 7) / 8 * 8; }

  void filter_columns() {
    const auto down = job_.radius() == 5 ? filter_down<5> : filter_down<3>;
    for (std::size_t plane = 0; plane < 4; ++plane) {
      down(block_, plane, whole_registers(), job_.cascade, delays_[plane]);
    }
  }

  /// Rows of the block from `first` on; the block's first would be the map's row `top`.
  void add_rows(int top, int first, int end) {
    if (job_.labels.empty()) {
      add_map(block_.data() + first, end - first, samples(), job_.constants, lanes_);
      return;
    }
    for (int j = first; j < end; ++j) {
      map_of(block_[static_cast<std::size_t>(j)], whole_registers(), job_.constants, map_.data());
      add_labelled(top + j);
    }
  }

  int samples() const { return pixels_ * step_; }

  void add_labelled(int top) {
    const auto under =
        job_.labels.crop(top + job_.radius(), first_pixel_ + job_.radius(), 1, pixels_);
    for_each_run(under, 0, pixels_, [&](int begin, int end, int label) {
      MetricSum& into = job_.sums[static_cast<std::size_t>(label)];
      into.sum += sum_of(map_.data() + begin * step_, (end - begin) * step_);
      into.count += (end - begin) * step_;
    });
  }

  Job& job_;
  int step_;
  int first_pixel_;
  int pixels_;
  MomentFilter filter_;
  Block block_{};
  alignas(64) std::array<Delays, 4> delays_{};
  alignas(64) Map map_;
  Lanes lanes_;
};

Constants constants_of(const WindowSsim& options, double gain) {
  const double c1 = (0.01 * options.range) * (0.01 * options.range);
  const double c2 = (0.03 * options.range) * (0.03 * options.range);
  Constants constants;
  constants.gain = gain;
  constants.shift_of_sum = 256 * gain;
  constants.shift = (32768 + c1) * gain * gain;
  constants.middle = 32512 * gain;
  constants.scale = options.covariance_scale / (gain * gain) / (gain * gain);
  constants.c2 = c2 / (gain * gain);
  return constants;
}

}  // namespace

bool exact_ssim_takes(std::span<const double> taps) {
  return (taps.size() == 7 || taps.size() == 11) && cascade_of(taps).has_value();
}

std::vector<MetricSum> exact_ssim_sums(ImageView<const std::uint8_t> a,
                                       ImageView<const std::uint8_t> b,
                                       ImageView<const std::uint8_t> labels, int count,
                                       const WindowSsim& options) {
  const std::size_t size = options.taps.size();
  PLUVIA_CHECK(size == 7 || size == 11, size);
  PLUVIA_CHECK(a.channels() == 1 || a.channels() == 3, a.channels());
  const std::optional<WindowCascade> cascade = cascade_of(options.taps);
  PLUVIA_CHECK(cascade.has_value(), size);
  Job job{a, b, labels, split_taps(options.taps), *cascade, {}, {}};
  job.constants = constants_of(options, cascade->gain * static_cast<double>(job.split.sum));
  job.sums.resize(static_cast<std::size_t>(count));
  for (int x = 0; x < job.map_columns(); x += kMomentStrip / a.channels()) Strip(job, x).add();
  return job.sums;
}

}  // namespace pluvia
