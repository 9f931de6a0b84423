// SPDX-License-Identifier: Apache-2.0
// The integer pass of SSIM against sums written out in 64-bit integers, to the last bit, in all
// its bodies: any window, extreme pictures, every length of a strip.
#include "eval/metrics/moment_filter.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "core/rng.h"
#include "eval/metrics/filters.h"

namespace pluvia {
namespace {

struct Rows {
  std::vector<std::uint8_t> a;
  std::vector<std::uint8_t> b;
};

// By kind: noise, all black and white against each other in every way, equal rows, small noise.
Rows rows_of(int kind, std::size_t n) {
  Rows rows;
  for (std::size_t i = 0; i < n; ++i) {
    const Random random{.seed = 5, .particle = static_cast<std::uint32_t>(i)};
    const auto any = [&](std::uint32_t dimension) {
      return static_cast<std::uint8_t>(255.99 * random.uniform(dimension));
    };
    const auto edge = [&](std::uint32_t dimension) {
      return static_cast<std::uint8_t>(random.uniform(dimension) < 0.5 ? 0 : 255);
    };
    const bool extreme = kind >= 1 && kind <= 5;
    std::uint8_t u = extreme ? edge(0) : any(0);
    std::uint8_t v = extreme ? edge(1) : any(1);
    if (kind == 2) u = v = 0;
    if (kind == 3) u = v = 255;
    if (kind == 4) u = 0, v = 255;
    if (kind == 5) u = 255, v = 0;
    if (kind == 6) v = u;
    rows.a.push_back(u);
    rows.b.push_back(v);
  }
  return rows;
}

std::int64_t tap(const SplitTaps& taps, int k) {
  const auto at = static_cast<std::size_t>(std::abs(k));
  return (std::int64_t{taps.high[at]} << taps.low_bits) + taps.low[at];
}

std::array<double, 4> written_out(const Rows& rows, int x, int step, const SplitTaps& taps) {
  std::array<std::int64_t, 4> sums{};
  for (int k = -taps.radius; k <= taps.radius; ++k) {
    const auto at = static_cast<std::size_t>(x + (taps.radius + k) * step);
    const std::int64_t a = rows.a[at];
    const std::int64_t b = rows.b[at];
    const std::int64_t w = tap(taps, k);
    sums[0] += w * (a + b - 255);
    sums[1] += w * (a - b);
    sums[2] += w * ((a * (a - 255) + b * (b - 255)) / 2 + 16256);
    sums[3] += w * (a - 128) * (b - 127);
  }
  std::array<double, 4> out{};
  for (std::size_t f = 0; f < 4; ++f) out[f] = static_cast<double>(sums[f]);
  return out;
}

double result(const MomentFilter& filter, int step, std::size_t plane, int y, int x) {
  static MomentTile tile;
  const int column = x / kMomentColumns * kMomentColumns;
  filter.filter(column, tile);
  return tile.sums[plane][static_cast<std::size_t>(y)]
                  [static_cast<std::size_t>(moment_place(x - column, step))];
}

std::vector<std::vector<double>> windows() {
  std::vector<std::vector<double>> all = {std::vector<double>(7, 1.0 / 7),
                                          std::vector<double>(11, 1.0 / 11)};
  for (const double sigma : {0.7, 0.9, 1.5, 2.2, 10.0}) all.push_back(gaussian_taps(7, sigma));
  for (const double sigma : {1.36, 1.5, 2.2, 10.0}) all.push_back(gaussian_taps(11, sigma));
  return all;
}

// The errors that the proof in moment_filter.h adds up.
double error_of(const SplitTaps& taps, const std::vector<double>& window) {
  double error = 0;
  for (int k = 0; k <= taps.radius; ++k) {
    const double is = static_cast<double>(tap(taps, k)) / static_cast<double>(taps.sum);
    error += std::abs(is / window[static_cast<std::size_t>(taps.radius + k)] - 1);
  }
  return error;
}

TEST(SplitTaps, AreClose) {
  for (const std::vector<double>& window : windows()) {
    const std::optional<SplitTaps> taps = split_taps(window);
    ASSERT_TRUE(taps.has_value());
    EXPECT_LE(error_of(*taps, window), kMostTapError);
    EXPECT_EQ(taps->low.back(), 0) << "samples side by side rely on it";
    std::int64_t sum = 0;
    for (int k = -taps->radius; k <= taps->radius; ++k) sum += tap(*taps, k);
    EXPECT_EQ(sum, taps->sum);
  }
}

TEST(SplitTaps, OfTheUsualWindowsAreAsCloseAsTheirProofNeeds) {
  const std::vector<double> gaussian = gaussian_taps(11, 1.5);
  EXPECT_LT(error_of(split_taps(gaussian).value(), gaussian), 7e-9);
  const std::vector<double> uniform(7, 1.0 / 7);
  EXPECT_LT(error_of(split_taps(uniform).value(), uniform), 1e-15);
}

TEST(SplitTaps, NarrowWindowsAreRefused) {
  for (const double sigma : {0.05, 0.3, 0.6}) {
    EXPECT_FALSE(split_taps(gaussian_taps(7, sigma)).has_value()) << sigma;
    EXPECT_FALSE(split_taps(gaussian_taps(11, sigma + 0.5)).has_value()) << sigma;
  }
}

TEST(MomentFilter, AllBodiesAreExact) {
  for (const std::vector<double>& window : windows()) {
    const SplitTaps taps = split_taps(window).value();
    for (const int step : {1, 3}) {
      for (int kind = 0; kind < 7; ++kind) {
        const auto reach = static_cast<std::size_t>(2 * taps.radius * step);
        const Rows rows = rows_of(kind, kMomentStrip + reach);
        for (const MomentBody best :
             {MomentBody::kPlain, MomentBody::kAvx2, MomentBody::kAvx512, MomentBody::kVnni}) {
          MomentFilter filter(taps, step, best);
          filter.take(0, rows.a.data(), rows.b.data(), kMomentStrip,
                      static_cast<int>(rows.a.size()));
          for (int x = 0; x < kMomentStrip; ++x) {
            const std::array<double, 4> want = written_out(rows, x, step, taps);
            for (std::size_t f = 0; f < 4; ++f) {
              ASSERT_EQ(result(filter, step, f, 0, x), want[f])
                  << "plane " << f << ", kind " << kind << ", x " << x << ", body "
                  << static_cast<int>(best);
            }
            ASSERT_TRUE(kind != 6 || want[2] == want[3]) << x;
          }
        }
      }
    }
  }
}

TEST(MomentFilter, ShortStripsReadNothingBehindThem) {
  const SplitTaps taps = split_taps(gaussian_taps(11, 1.5)).value();
  for (const int step : {1, 3}) {
    for (int n = 1; n <= kMomentStrip; ++n) {
      // As long as what may be read: the sanitizers see one sample more.
      const int there = n + 10 * step + n % 3;
      const Rows rows = rows_of(0, static_cast<std::size_t>(there));
      MomentFilter filter(taps, step);
      filter.take(0, rows.a.data(), rows.b.data(), n, there);
      for (int x = 0; x < n; ++x) {
        ASSERT_EQ(result(filter, step, 2, 0, x), written_out(rows, x, step, taps)[2]) << n;
      }
    }
  }
}

TEST(MomentFilter, EveryRowOfABlock) {
  const SplitTaps taps = split_taps(gaussian_taps(7, 1.0)).value();
  MomentFilter filter(taps, 3);
  const auto row_of = [&](int y) { return rows_of(y % 7, static_cast<std::size_t>(100 + y + 18)); };
  for (int y = 0; y < kMomentRows; ++y) {
    const Rows row = row_of(y);
    filter.take(y, row.a.data(), row.b.data(), 100 + y, 100 + y + 18);
  }
  for (int y = 0; y < kMomentRows; ++y) {
    EXPECT_EQ(result(filter, 3, 3, y, 99 + y), written_out(row_of(y), 99 + y, 3, taps)[3]) << y;
  }
}

}  // namespace
}  // namespace pluvia
