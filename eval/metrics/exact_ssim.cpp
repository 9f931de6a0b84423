// SPDX-License-Identifier: Apache-2.0
// How it is fast: strips of columns so narrow that all rows of a window stay near; along rows in
// 16-bit integers (moment_filter.h), down the columns in double by fused multiply-adds, twelve rows of
// the map at a time so that a value is loaded once for all of them; no division in double; channels
// left interleaved.
//
// From the means over a window of a and b (both less 128), of their squares' sum Q and of D = (a-b)^2,
//   va + vb = Q - (ma^2 + mb^2),   2 cov = Q - D - 2 ma mb,
// so that equal pictures, with D = 0, score exactly 1. The sums' order is fixed and std::fma rounds
// once on every CPU (slowly on those from before 2013, which lack the instruction): all agree.
#include "eval/metrics/exact_ssim.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/for_each.h"
#include "core/independent.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/moment_filter.h"

namespace pluvia {
namespace {

constexpr int kBlock = 12;              // rows of the map that are made in one go
constexpr int kMostRows = 10 + kBlock;  // that their windows span
constexpr int kRing = kMostRows;

struct Constants {
  std::array<double, 6> taps{};  ///< from the middle outwards, in units of the moments
  double c1 = 0;  ///< and 2 128^2
  double c2 = 0;
  double scale = 1;
};

using Map = std::array<double, kMomentStrip>;
using Means = std::array<Map, 4>;  ///< of a row of windows

// Down the columns of one plane: the means of the windows that begin at the first kBlock rows. A
// value is loaded once for all of them.
template <int kRadius>
PLUVIA_ALL_LEVELS void filter_down(const MomentRow* const* rows, std::size_t plane, int n,
                                   const std::array<double, 6>& all_taps, Means* means) {
  constexpr int kRows = 2 * kRadius + kBlock;
  std::array<const double*, kRows> r;
  for (std::size_t k = 0; k < r.size(); ++k) r[k] = rows[k]->maps[plane].data();
  std::array<double*, kBlock> out;
  for (std::size_t j = 0; j < kBlock; ++j) out[j] = means[j][plane].data();
  const std::array<double, 6> taps = all_taps;
  PLUVIA_INDEPENDENT
  for (int x = 0; x < n; ++x) {
    std::array<double, kBlock> sums{};
#pragma GCC unroll 22
    for (int k = 0; k < kRows; ++k) {
      const double value = r[static_cast<std::size_t>(k)][x];
#pragma GCC unroll 22
      for (int j = 0; j < kBlock; ++j) {
        const int off = k - j < kRadius ? kRadius + j - k : k - j - kRadius;
        if (off > kRadius) continue;
        double& sum = sums[static_cast<std::size_t>(j)];
        sum = std::fma(taps[static_cast<std::size_t>(off)], value, sum);
      }
    }
    for (std::size_t j = 0; j < kBlock; ++j) out[j][x] = sums[j];
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

// From the means of a-128, b-128, half of a(a-255) + b(b-255), (a-b)^2.
inline double ssim_of(double a, double b, double half, double difference,
                      const Constants& constants) {
  const double sum = a + b;
  // Both alike, so that they are equal where a and b are.
  const double squares = std::fma(b, b, a * a);
  const double twice = std::fma(a, b, a * b);
  // (a + 128)^2 + (b + 128)^2 and 2 (a + 128)(b + 128) exceed these two by the same.
  const double shift = std::fma(256.0, sum, constants.c1);
  const double q = std::fma(2.0, half, 32512 - sum);  // (a-128)^2 + (b-128)^2
  const double spread = std::fma(constants.scale, q - squares, constants.c2);
  const double common = std::fma(constants.scale, (q - difference) - twice, constants.c2);
  return quotient((twice + shift) * common, (squares + shift) * spread);
}

PLUVIA_ALL_LEVELS void map_of(const Means& means, int n, const Constants& constants, double* out) {
  const Constants c = constants;
  const double* const a = means[0].data();
  const double* const b = means[1].data();
  const double* const half = means[2].data();
  const double* const difference = means[3].data();
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
PLUVIA_ALL_LEVELS void add_map(const Means* rows, int count, int n, const Constants& constants,
                               Lanes& to) {
  const Constants c = constants;
  Lanes lanes = to;
  for (int j = 0; j < count; ++j) {
    const double* const a = rows[j][0].data();
    const double* const b = rows[j][1].data();
    const double* const half = rows[j][2].data();
    const double* const difference = rows[j][3].data();
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
    int filtered = 0;
    for (int top = 0; top < job_.map_rows(); top += kBlock) {
      const int count = std::min(kBlock, job_.map_rows() - top);
      while (filtered < top + 2 * job_.radius() + count) filter(filtered++);
      add_rows(top, count);
    }
    if (job_.labels.empty()) {
      job_.sums[0].sum += lanes_.total();
      job_.sums[0].count += double{1} * job_.map_rows() * samples();
    }
  }

 private:
  MomentRow& ring(int y) { return ring_[static_cast<std::size_t>(y % kRing)]; }

  void filter(int y) {
    if (y == 0) take(0);
    if (y + 1 < job_.a.height()) take(y + 1);
    filter_.filter(ring(y));
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

  void add_rows(int top, int count) {
    std::array<const MomentRow*, kMostRows> rows;
    for (int k = 0; k < kMostRows; ++k) {
      // Below the picture any row will do: what is made of it is not looked at.
      rows[static_cast<std::size_t>(k)] = &ring(std::min(top + k, job_.a.height() - 1));
    }
    const auto down = job_.radius() == 5 ? filter_down<5> : filter_down<3>;
    const int whole_registers = (samples() + 7) / 8 * 8;
    for (std::size_t plane = 0; plane < 4; ++plane) {
      down(rows.data(), plane, whole_registers, job_.constants.taps, means_.data());
    }
    if (job_.labels.empty()) {
      add_map(means_.data(), count, samples(), job_.constants, lanes_);
      return;
    }
    for (int j = 0; j < count; ++j) {
      map_of(means_[static_cast<std::size_t>(j)], whole_registers, job_.constants, map_.data());
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
  std::array<MomentRow, kRing> ring_;
  alignas(64) std::array<Means, kBlock> means_;
  alignas(64) Map map_;
  Lanes lanes_;
};

}  // namespace

std::vector<MetricSum> exact_ssim_sums(ImageView<const std::uint8_t> a,
                                       ImageView<const std::uint8_t> b,
                                       ImageView<const std::uint8_t> labels, int count,
                                       const WindowSsim& options) {
  const std::size_t size = options.taps.size();
  PLUVIA_CHECK(size == 7 || size == 11, size);
  PLUVIA_CHECK(a.channels() == 1 || a.channels() == 3, a.channels());
  Job job{a, b, labels, split_taps(options.taps), {}, {}};
  for (std::size_t k = 0; k <= size / 2; ++k) {
    job.constants.taps[k] = options.taps[size / 2 + k] / static_cast<double>(job.split.sum);
  }
  job.constants.c1 = 32768 + (0.01 * options.range) * (0.01 * options.range);
  job.constants.c2 = (0.03 * options.range) * (0.03 * options.range);
  job.constants.scale = options.covariance_scale;
  job.sums.resize(static_cast<std::size_t>(count));
  for (int x = 0; x < job.map_columns(); x += kMomentStrip / a.channels()) Strip(job, x).add();
  return job.sums;
}

}  // namespace pluvia
