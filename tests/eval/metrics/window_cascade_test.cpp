// SPDX-License-Identifier: Apache-2.0
// Chains of short windows against the windows that they stand for.
#include "eval/metrics/window_cascade.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/rng.h"
#include "eval/metrics/color.h"
#include "eval/metrics/exact_ssim.h"
#include "eval/metrics/filters.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/ssim_map.h"

namespace pluvia {
namespace {

using Row = std::vector<double>;

/// What a window gives; the row gets shorter.
Row filtered(const Row& row, const Row& window) {
  Row out;
  for (std::size_t x = 0; x + window.size() <= row.size(); ++x) {
    double sum = 0;
    for (std::size_t k = 0; k < window.size(); ++k) sum += window[k] * row[x + k];
    out.push_back(sum);
  }
  return out;
}

Row by_chain(const Row& row, const WindowCascade& cascade, std::size_t taps) {
  Row out = filtered(row, {1, cascade.first, 1});
  for (std::size_t pair = 0; 4 * pair + 3 < taps; ++pair) {
    const auto [b, c] = cascade.pairs[pair];
    out = filtered(out, {1, b, c, b, 1});
  }
  for (double& one : out) one /= cascade.gain;
  return out;
}

Row noise(std::size_t count) {
  Row row;
  for (std::size_t i = 0; i < count; ++i) {
    row.push_back(Random{.seed = 5, .particle = static_cast<std::uint32_t>(i)}.uniform(0, -1, 1));
  }
  return row;
}

TEST(WindowCascade, DoesWhatTheWindowDoes) {
  const Row row = noise(60);
  for (const int size : {7, 11}) {
    // Roots are all real, or one is, or three: those that are change places on the way.
    for (double sigma = size == 7 ? 0.29 : 0.48; sigma < 12; sigma *= 1.0031) {
      const Row taps = gaussian_taps(size, sigma);
      const auto cascade = cascade_of(taps);
      ASSERT_TRUE(cascade.has_value()) << size << " " << sigma;
      const Row want = filtered(row, taps);
      const Row got = by_chain(row, *cascade, taps.size());
      ASSERT_EQ(got.size(), want.size());
      for (std::size_t x = 0; x < got.size(); ++x) {
        EXPECT_NEAR(got[x], want[x], 1e-12) << size << " " << sigma << " " << x;
      }
    }
  }
}

TEST(WindowCascade, RefusesWhatItCannotDo) {
  EXPECT_FALSE(cascade_of(gaussian_taps(11, 0.1)).has_value());   // the outermost tap is 0
  EXPECT_FALSE(cascade_of(gaussian_taps(11, 0.45)).has_value());  // SSIM would overflow
  // (1 + z)^10: five equal roots, of which no number's last digits can be had.
  EXPECT_FALSE(cascade_of(Row{1, 10, 45, 120, 210, 252, 210, 120, 45, 10, 1}).has_value());
  EXPECT_FALSE(exact_window(gaussian_taps(9, 1.5)).has_value());
}

// The whole of SSIM with windows other than the usual two, in pictures higher than a block of rows.
TEST(WindowCascade, GivesTheGeneralCodesSsim) {
  Image<std::uint8_t> pictures[2] = {Image<std::uint8_t>(70, 83, 1),
                                     Image<std::uint8_t>(70, 83, 1)};
  std::uint32_t i = 0;
  for (int y = 0; y < 70; ++y) {
    for (int x = 0; x < 83; ++x, ++i) {
      const Random random{.seed = 8, .particle = i};
      const double value = 128 + 90 * std::sin(x * 0.15) * std::cos(y * 0.11);
      pictures[0].view().at(y, x) = static_cast<std::uint8_t>(value + 4 * random.normal(0));
      pictures[1].view().at(y, x) = static_cast<std::uint8_t>(value + 9 * random.normal(1));
    }
  }
  for (const int size : {7, 11}) {
    for (const double sigma : {1.4, 1.6, 2.0, 4.0}) {
      SsimOptions options;
      options.taps = gaussian_taps(size, sigma);
      const auto maps = ssim_maps(to_double(pictures[0].view()).view(),
                                  to_double(pictures[1].view()).view(), options);
      double sum = 0;
      for (const double one : maps.front().ssim.pixels()) sum += one;
      const double want = sum / static_cast<double>(maps.front().ssim.pixels().size());
      const ExactWindow exact = exact_window(options.taps).value();
      const double got =
          mean_of(exact_ssim_sums(pictures[0].view(), pictures[1].view(), {}, 1, exact).front());
      EXPECT_NEAR(got, want, 1e-8) << size << " " << sigma;
    }
  }
}

}  // namespace
}  // namespace pluvia
