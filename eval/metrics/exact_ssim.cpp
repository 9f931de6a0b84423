// SPDX-License-Identifier: Apache-2.0
// How it is fast: strips of columns, blocks of rows, and of these tiles so small that they stay in
// the first-level cache from the first pass to the map; along rows in 16-bit integers
// (moment_filter.h), down the columns in double by a chain of short windows (window_cascade.h),
// whose last samples stay in registers through a block of rows; one division for two pixels;
// channels left interleaved.
//
// Both passes give means over a window times a gain G: S of s = a + b - 255, D of d = a - b, Q of
// (s^2 + d^2 - 1) / 4 and P of (s^2 - d^2 + 2 d - 1) / 4. Of SSIM's two factors the second has
//   2 G^2 (va + vb) = 4 G Q + G^2 - S^2 - D^2,   2 G^2 2 cov = 4 G P + G^2 - S^2 + D^2 - 2 G D,
// the first, with the means A = (S + D) / 2 + 127.5 G and B alike,
//   2 (A^2 + B^2) = (S + 255 G)^2 + D^2,   4 A B = (S + 255 G)^2 - D^2.
// Where pictures are equal, Q = P and D = 0 to the bit, both sides round alike and the score is
// exactly 1. The sums' order is fixed and std::fma rounds once on every CPU (slowly on those from
// before 2013, which lack the instruction): all agree.
#include "eval/metrics/exact_ssim.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <optional>

#include "core/for_each.h"
#include "core/independent.h"
#include "eval/metrics/moment_filter.h"
#include "eval/metrics/window_cascade.h"

namespace pluvia {
namespace {

constexpr int kColumns = kMomentColumns;
constexpr std::size_t kTiles = kMomentStrip / kColumns;

/// The map's two factors come times 2 gain^2.
struct Constants {
  double gain2 = 2;  ///< twice the gain
  double gain4 = 4;  ///< four times
  double white = 0;  ///< 255 gain
  double c1 = 0;     ///< 2 c1 gain^2
  double c2 = 0;     ///< (2 c2 / scale of (co)variances + 1) gain^2
};

/// The chain's last samples, of one plane; with seven taps the first six.
using Delays = std::array<std::array<double, kColumns>, 10>;

// Down the columns of one plane, in place: of each row comes what the window gives whose last row
// it is, times the chain's gain. A row's own sample comes last into each sum: the rest is there
// before it.
template <int kRadius>
PLUVIA_ALL_LEVELS void filter_down(double* plane, const WindowCascade& cascade,
                                   Delays& all_delays) {
  std::array<double*, 2 * kRadius> delays;
  for (std::size_t k = 0; k < delays.size(); ++k) delays[k] = all_delays[k].data();
  const double first = cascade.first;
  const auto pairs = cascade.pairs;
  static_assert(kMomentRows == 24);
  PLUVIA_INDEPENDENT
  for (int x = 0; x < kColumns; ++x) {
    std::array<double, 2 * kRadius> d;
#pragma GCC unroll 10
    for (std::size_t k = 0; k < d.size(); ++k) d[k] = delays[k][x];
#pragma GCC unroll 24  // all of them: otherwise the loop is not vectorised
    for (int row = 0; row < kMomentRows; ++row) {
      double& sample = plane[row * MomentTile::kPitch + x];
      double value = sample;
      const double of_three = value + std::fma(first, d[0], d[1]);
      d[1] = d[0];
      d[0] = value;
      value = of_three;
#pragma GCC unroll 2
      for (std::size_t pair = 0; 4 * pair + 2 < d.size(); ++pair) {
        const std::size_t k = 4 * pair + 2;
        const double outer = std::fma(pairs[pair][0], d[k] + d[k + 2], d[k + 3]);
        const double of_five = value + std::fma(pairs[pair][1], d[k + 1], outer);
        d[k + 3] = d[k + 2];
        d[k + 2] = d[k + 1];
        d[k + 1] = d[k];
        d[k] = value;
        value = of_five;
      }
      sample = value;
    }
#pragma GCC unroll 10
    for (std::size_t k = 0; k < d.size(); ++k) delays[k][x] = d[k];
  }
}

/// SSIM at a pixel is above / below.
struct Ratio {
  double above = 1;
  double below = 1;
};

inline Ratio ssim_of(double s, double d, double q, double p, const Constants& constants) {
  const double both = s + constants.white;
  const double sum2 = std::fma(both, both, constants.c1);
  const double difference2 = d * d;
  const double rest = std::fma(-s, s, constants.c2);
  const double spread = std::fma(constants.gain4, q, rest - difference2);
  // Additions, for which many CPUs have units of their own.
  const double twice_less_d = p + (p - d);
  const double common = std::fma(constants.gain2, twice_less_d, rest + difference2);
  return {(sum2 - difference2) * common, (sum2 + difference2) * spread};
}

// By one division: exactly 2 for two that are 1.
inline double sum_of(const Ratio& u, const Ratio& v) {
  return std::fma(u.above, v.below, v.above * u.below) / (u.below * v.below);
}

/// A row of a tile after the second pass.
struct Means {
  Means(const MomentTile& tile, int row)
      : s(tile.sums[0][static_cast<std::size_t>(row)].data()),
        d(tile.sums[1][static_cast<std::size_t>(row)].data()),
        q(tile.sums[2][static_cast<std::size_t>(row)].data()),
        p(tile.sums[3][static_cast<std::size_t>(row)].data()) {}

  Ratio ssim(int place, const Constants& constants) const {
    return ssim_of(s[place], d[place], q[place], p[place], constants);
  }

  const double* s;
  const double* d;
  const double* q;
  const double* p;
};

using MapRow = std::array<double, kColumns>;

PLUVIA_ALL_LEVELS void map_of(const Means& row, int step, const Constants& constants, MapRow& out) {
  const Means means = row;
  const Constants c = constants;
  alignas(64) MapRow map;
  PLUVIA_INDEPENDENT
  for (int place = 0; place < kColumns; ++place) {
    const Ratio ratio = means.ssim(place, c);
    map[static_cast<std::size_t>(place)] = ratio.above / ratio.below;
  }
  for (int x = 0; x < kColumns; ++x) {
    out[static_cast<std::size_t>(x)] = map[static_cast<std::size_t>(moment_place(x, step))];
  }
}

// Sums in a fixed order whatever the width of the CPU's registers.
struct Lanes {
  static constexpr int kCount = 16;
  std::array<double, kCount> sums{};

  double total() const {
    std::array<double, kCount> left = sums;
    for (std::size_t half = kCount / 2; half > 0; half /= 2) {
      for (std::size_t k = 0; k < half; ++k) left[k] += left[k + half];
    }
    return left[0];
  }
};

/// By place in a tile: 1 where the map goes so far, otherwise 0.
using Inside = std::array<double, kColumns>;

// Adds rows of a tile of the map.
template <bool kWhole>
PLUVIA_ALL_LEVELS void add_map(const MomentTile& tile, int first, int end,
                               const Constants& constants, const Inside& inside, Lanes& to) {
  static_assert(kColumns == 2 * Lanes::kCount);
  const Constants c = constants;
  const Inside in = inside;
  const auto ssim = [&](const Means& means, int place) {
    Ratio ratio = means.ssim(place, c);
    if constexpr (!kWhole) {
      const bool is_inside = in[static_cast<std::size_t>(place)] > 0;
      ratio.above = is_inside ? ratio.above : 0;
      ratio.below = is_inside ? ratio.below : 1;
    }
    return ratio;
  };
  Lanes lanes = to;
  for (int row = first; row < end; ++row) {
    const Means means(tile, row);
    PLUVIA_INDEPENDENT
    for (int k = 0; k < Lanes::kCount; ++k) {
      lanes.sums[static_cast<std::size_t>(k)] +=
          sum_of(ssim(means, k), ssim(means, k + Lanes::kCount));
    }
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
  int map_columns() const { return a.width() - 2 * radius(); }
};

/// Goes through strips of columns from top to bottom.
class Strips {
 public:
  explicit Strips(Job& job)
      : job_(job), step_(job.a.channels()), filter_(job.split, step_), lanes_(job.sums.size()) {}

  void add_all() {
    for (int x = 0; x < job_.map_columns(); x += kMomentStrip / step_) add(x);
    for (std::size_t i = 0; i < lanes_.size(); ++i) job_.sums[i].sum += lanes_[i].total();
  }

 private:
  static constexpr int kSeveral = -1;

  // What the chains remember of the strip before is gone when the first window is whole: each sum
  // has only the window's rows in it.
  void add(int first_pixel) {
    first_pixel_ = first_pixel;
    samples_ = std::min(kMomentStrip, (job_.map_columns() - first_pixel) * step_);
    inside_last_.fill(0);
    for (int x = 0; x <= (samples_ - 1) % kColumns; ++x) {
      inside_last_[static_cast<std::size_t>(moment_place(x, step_))] = 1;
    }
    for (int top = 0; top < job_.a.height(); top += kMomentRows) {
      const int rows = std::min(kMomentRows, job_.a.height() - top);
      for (int row = 0; row < rows; ++row) take(top + row, row);
      for (int column = 0; column < samples_; column += kColumns) add_tile(top, column, rows);
    }
  }

  // A strip's rows lie a page apart, where the CPU does not see them coming.
  void take(int y, int row) {
    const int read = samples_ + 2 * job_.radius() * step_;
    const auto samples_of = [&](const ImageView<const std::uint8_t>& image) {
      constexpr int kAhead = kMomentRows;
      constexpr int kLine = 64;
      const std::uint8_t* const ahead =
          image.row(std::min(y + kAhead, image.height() - 1)).data() + first_pixel_ * step_;
      for (int i = 0; i < read; i += kLine) __builtin_prefetch(ahead + i);
      return image.row(y).data() + first_pixel_ * step_;
    };
    filter_.take(row, samples_of(job_.a), samples_of(job_.b), samples_,
                 (job_.a.width() - first_pixel_) * step_);
  }

  void add_tile(int top, int column, int rows) {
    const auto down = job_.radius() == 5 ? filter_down<5> : filter_down<3>;
    filter_.filter(column, tile_);
    for (std::size_t plane = 0; plane < 4; ++plane) {
      down(tile_.sums[plane][0].data(), job_.cascade,
           delays_[static_cast<std::size_t>(column / kColumns)][plane]);
    }
    // A window's last row is the block's `row`, its middle the radius above; the first rows end
    // none.
    const int middle = top - job_.radius();
    for (int row = std::max(0, 2 * job_.radius() - top); row < rows;) {
      const int label = label_of_row(middle + row, column);
      if (label == kSeveral) {
        add_one_by_one(middle + row, row, column);
        ++row;
        continue;
      }
      int end = row + 1;
      while (end < rows && label_of_row(middle + end, column) == label) ++end;
      add_alike(row, end, column, static_cast<std::size_t>(label));
      row = end;
    }
  }

  /// Columns of a tile that lie in the map.
  int columns_from(int column) const { return std::min(kColumns, samples_ - column); }

  void add_alike(int first, int end, int column, std::size_t label) {
    const int columns = columns_from(column);
    const auto add = columns == kColumns ? add_map<true> : add_map<false>;
    add(tile_, first, end, job_.constants, inside_last_, lanes_[label]);
    job_.sums[label].count += std::int64_t{end - first} * columns;
  }

  /// Of the pixel under a sample of the map.
  const std::uint8_t* label_under(int y, int sample) const {
    return &job_.labels.at(y, first_pixel_ + job_.radius() + sample / step_);
  }

  /// The label under all of a tile's row.
  int label_of_row(int y, int column) const {
    if (job_.labels.empty()) return 0;
    const std::uint8_t* const first = label_under(y, column);
    const std::uint8_t* const last = label_under(y, column + columns_from(column) - 1);
    const bool alike = std::memcmp(first, first + 1, static_cast<std::size_t>(last - first)) == 0;
    return alike ? *first : kSeveral;
  }

  void add_one_by_one(int y, int row, int column) {
    MapRow map;
    map_of(Means(tile_, row), step_, job_.constants, map);
    const int end = columns_from(column);
    for (int x = 0; x < end;) {
      const std::uint8_t label = *label_under(y, column + x);
      const int begin = x;
      double sum = 0;
      for (; x < end && *label_under(y, column + x) == label; ++x) {
        sum += map[static_cast<std::size_t>(x)];
      }
      job_.sums[label].sum += sum;
      job_.sums[label].count += x - begin;
    }
  }

  Job& job_;
  int step_;
  int first_pixel_ = 0;
  int samples_ = 0;
  Inside inside_last_{};  ///< of a strip's last tile
  MomentFilter filter_;
  MomentTile tile_;
  alignas(64) std::array<std::array<Delays, 4>, kTiles> delays_{};
  std::vector<Lanes> lanes_;
};

Constants constants_of(const ExactWindow& window) {
  const double gain = window.cascade.gain * static_cast<double>(window.split.sum);
  const double c1 = (0.01 * window.range) * (0.01 * window.range);
  const double c2 = (0.03 * window.range) * (0.03 * window.range);
  Constants constants;
  constants.gain2 = 2 * gain;
  constants.gain4 = 4 * gain;
  constants.white = 255 * gain;
  constants.c1 = 2 * c1 * gain * gain;
  constants.c2 = (2 * c2 / window.covariance_scale + 1) * gain * gain;
  return constants;
}

}  // namespace

std::optional<ExactWindow> exact_window(std::span<const double> taps, double range,
                                        double covariance_scale) {
  constexpr double kLeastRange = 32;
  if ((taps.size() != 7 && taps.size() != 11) || range < kLeastRange) return std::nullopt;
  const std::optional<SplitTaps> split = split_taps(taps);
  const std::optional<WindowCascade> cascade = cascade_of(taps);
  if (!split || !cascade) return std::nullopt;
  return ExactWindow{*split, *cascade, range, covariance_scale};
}

std::vector<MetricSum> exact_ssim_sums(ImageView<const std::uint8_t> a,
                                       ImageView<const std::uint8_t> b,
                                       ImageView<const std::uint8_t> labels, int count,
                                       const ExactWindow& window) {
  PLUVIA_CHECK(a.channels() == 1 || a.channels() == 3, a.channels());
  Job job{a, b, labels, window.split, window.cascade, constants_of(window), {}};
  job.sums.resize(static_cast<std::size_t>(count));
  Strips(job).add_all();
  return job.sums;
}

}  // namespace pluvia
