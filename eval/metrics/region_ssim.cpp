// SPDX-License-Identifier: Apache-2.0
// Every moment is the filtered (moment x mask) divided by the filtered mask. Band by band of rows,
// on all threads; of a band only the columns between the region's first and last.
#include "eval/metrics/region_ssim.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/error.h"
#include "core/for_each.h"
#include "core/parallel.h"
#include "eval/metrics/filters.h"

namespace pluvia {
namespace {

constexpr int kBand = 32;  // rows of the map
constexpr std::size_t kMoments = 6;

using Moments = std::array<std::vector<double>, kMoments>;

// Of the mask m and pictures a and b: m, m a, m b, m a^2, m b^2, m a b.
PLUVIA_ALL_LEVELS void moments_of(const double* a, const double* b, const std::uint8_t* mask,
                                  int step, int n, Moments& out) {
  std::array<double*, kMoments> to;
  for (std::size_t i = 0; i < kMoments; ++i) to[i] = out[i].data();
  for (int x = 0; x < n; ++x) {
    const double m = mask[x] != 0 ? 1 : 0;
    const double u = a[std::ptrdiff_t{x} * step];
    const double v = b[std::ptrdiff_t{x} * step];
    to[0][x] = m;
    to[1][x] = m * u;
    to[2][x] = m * v;
    to[3][x] = m * u * u;
    to[4][x] = m * v * v;
    to[5][x] = m * u * v;
  }
}

struct Constants {
  double c1 = 0;
  double c2 = 0;
  double scale = 1;
};

Constants constants_of(const SsimOptions& options) {
  const auto n = static_cast<double>(options.taps.size() * options.taps.size());
  return {(0.01 * options.range) * (0.01 * options.range),
          (0.03 * options.range) * (0.03 * options.range),
          options.sample_covariance ? n / (n - 1) : 1};
}

double ssim_of(const Moments& sums, std::size_t x, const Constants& constants) {
  const double w = sums[0][x];
  const double u = sums[1][x] / w;
  const double v = sums[2][x] / w;
  const double va = constants.scale * (sums[3][x] / w - u * u);
  const double vb = constants.scale * (sums[4][x] / w - v * v);
  const double cov = constants.scale * (sums[5][x] / w - u * v);
  return (2 * u * v + constants.c1) * (2 * cov + constants.c2) /
         ((u * u + v * v + constants.c1) * (va + vb + constants.c2));
}

/// Some rows of the map of one channel.
class Band {
 public:
  Band(const MetricInput& input, const SsimOptions& options, int top)
      : input_(input),
        options_(options),
        constants_(constants_of(options)),
        radius_(static_cast<int>(options.taps.size()) / 2),
        top_(top),
        rows_(std::min(kBand, input.reference.height() - 2 * radius_ - top)) {
    find_columns();
  }

  MetricSum sum(int channel) {
    MetricSum out;
    if (columns_ <= 0) return out;
    filter_across(channel);
    Moments sums;
    std::vector<const double*> rows(options_.taps.size());
    for (int y = 0; y < rows_; ++y) {
      for (std::size_t i = 0; i < kMoments; ++i) {
        for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = line(i, y + static_cast<int>(k));
        sums[i].resize(static_cast<std::size_t>(columns_));
        weigh_rows(rows.data(), options_.taps, sums[i].data(), columns_);
      }
      const std::uint8_t* const counts = &input_.mask.at(top_ + y + radius_, first_ + radius_);
      for (int x = 0; x < columns_; ++x) {
        if (counts[x] == 0) continue;
        out.sum += ssim_of(sums, static_cast<std::size_t>(x), constants_);
        out.count += 1;
      }
    }
    return out;
  }

 private:
  // From the region's first column to its last, of the map.
  void find_columns() {
    const int width = input_.mask.width() - 2 * radius_;
    int last = -1;
    first_ = width;
    for (int y = 0; y < rows_; ++y) {
      const std::uint8_t* const counts = &input_.mask.at(top_ + y + radius_, radius_);
      for (int x = 0; x < width; ++x) {
        if (counts[x] == 0) continue;
        first_ = std::min(first_, x);
        last = std::max(last, x);
      }
    }
    columns_ = last + 1 - first_;
  }

  void filter_across(int channel) {
    const int reach = columns_ + 2 * radius_;
    Moments moments;
    for (auto& moment : moments) moment.resize(static_cast<std::size_t>(reach));
    const auto lines = static_cast<std::size_t>(rows_ + 2 * radius_);
    for (auto& plane : across_) plane.resize(lines * static_cast<std::size_t>(columns_));
    std::vector<const double*> rows(options_.taps.size());
    for (int y = 0; y < rows_ + 2 * radius_; ++y) {
      moments_of(&input_.reference.at(top_ + y, first_, channel),
                 &input_.prediction.at(top_ + y, first_, channel),
                 &input_.mask.at(top_ + y, first_), input_.reference.channels(), reach, moments);
      for (std::size_t i = 0; i < kMoments; ++i) {
        for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = moments[i].data() + k;
        weigh_rows(rows.data(), options_.taps, line(i, y), columns_);
      }
    }
  }

  double* line(std::size_t moment, int y) {
    return across_[moment].data() + std::ptrdiff_t{y} * columns_;
  }

  const MetricInput& input_;
  const SsimOptions& options_;
  Constants constants_;
  int radius_;
  int top_;
  int rows_;
  int first_ = 0;
  int columns_ = 0;
  Moments across_;
};

}  // namespace

MetricSum region_ssim_sum(const MetricInput& input, const SsimOptions& options) {
  const int height = input.reference.height();
  const int width = input.reference.width();
  const int size = static_cast<int>(options.taps.size());
  PLUVIA_CHECK(!input.mask.empty() && !input.reference.empty(), width, "x", height);
  if (std::min(height, width) < size) {
    fail("SSIM: the picture is ", width, "x", height, ", smaller than its window of ", size);
  }
  std::vector<MetricSum> of_bands(static_cast<std::size_t>((height - size) / kBand + 1));
  parallel_for(static_cast<std::int64_t>(of_bands.size()), 1,
               [&](std::int64_t begin, std::int64_t end) {
                 for (std::int64_t i = begin; i < end; ++i) {
                   Band band(input, options, static_cast<int>(i) * kBand);
                   for (int c = 0; c < input.reference.channels(); ++c) {
                     const MetricSum sum = band.sum(c);
                     of_bands[static_cast<std::size_t>(i)].sum += sum.sum;
                     of_bands[static_cast<std::size_t>(i)].count += sum.count;
                   }
                 }
               });
  MetricSum all;
  for (const MetricSum& sum : of_bands) {
    all.sum += sum.sum;
    all.count += sum.count;
  }
  return all;
}

}  // namespace pluvia
