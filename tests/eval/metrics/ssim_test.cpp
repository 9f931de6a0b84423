// SPDX-License-Identifier: Apache-2.0
// SSIM against its formula written out (a two-dimensional window, pixel by pixel), and the fast
// path against the general one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/rng.h"
#include "eval/metrics/color.h"
#include "eval/metrics/exact_ssim.h"
#include "eval/metrics/label_sums.h"
#include "eval/metrics/metrics.h"
#include "eval/metrics/near_distance.h"
#include "eval/metrics/regions.h"
#include "eval/metrics/ssim_map.h"

namespace pluvia {
namespace {

template <typename Value>
Image<std::uint8_t> picture(int height, int width, int channels, const Value& value) {
  Image<std::uint8_t> image(height, width, channels);
  std::uint32_t i = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c, ++i) {
        const double v = value(y, x, c, Random{.seed = 3, .particle = i});
        image.view().at(y, x, c) = static_cast<std::uint8_t>(std::clamp(v, 0.0, 255.0));
      }
    }
  }
  return image;
}

Image<std::uint8_t> textured(int height, int width, int channels, int which) {
  return picture(height, width, channels, [&](int y, int x, int c, const Random& random) {
    return 128 + 90 * std::sin(x * 0.15 + c) * std::cos(y * 0.11) + 5 * random.normal(0) +
           which * 12 * random.normal(1);
  });
}

// The definition, with nothing separated or folded.
double by_definition(const Image<std::uint8_t>& a, const Image<std::uint8_t>& b) {
  double total = 0;
  int count = 0;
  for (int c = 0; c < a.channels(); ++c) {
    for (int y = 5; y + 5 < a.height(); ++y) {
      for (int x = 5; x + 5 < a.width(); ++x, ++count) {
        double w = 0, ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
        for (int j = -5; j <= 5; ++j) {
          for (int i = -5; i <= 5; ++i) {
            const double g = std::exp(-(i * i + j * j) / 4.5);
            const double u = a.view().at(y + j, x + i, c);
            const double v = b.view().at(y + j, x + i, c);
            w += g;
            ma += g * u;
            mb += g * v;
            aa += g * u * u;
            bb += g * v * v;
            ab += g * u * v;
          }
        }
        ma /= w;
        mb /= w;
        total += (2 * ma * mb + 6.5025) * (2 * (ab / w - ma * mb) + 58.5225) /
                 ((ma * ma + mb * mb + 6.5025) * (aa / w - ma * ma + bb / w - mb * mb + 58.5225));
      }
    }
  }
  return total / count;
}

double general(const Image<std::uint8_t>& a, const Image<std::uint8_t>& b,
               const SsimOptions& options) {
  double sum = 0;
  double count = 0;
  for (const SsimMap& map :
       ssim_maps(to_double(a.view()).view(), to_double(b.view()).view(), options)) {
    for (const double v : map.ssim.pixels()) sum += v;
    count += static_cast<double>(map.ssim.pixels().size());
  }
  return sum / count;
}

SsimOptions window(int size) {
  SsimOptions options;
  options.taps = size == 11 ? gaussian_taps(11, 1.5) : std::vector<double>(7, 1.0 / 7);
  options.sample_covariance = size == 7;
  return options;
}

double fast(const Image<std::uint8_t>& a, const Image<std::uint8_t>& b,
            const SsimOptions& options) {
  const double n = static_cast<double>(options.taps.size() * options.taps.size());
  const ExactWindow window =
      exact_window(options.taps, options.range, options.sample_covariance ? n / (n - 1) : 1)
          .value();
  return mean_of(exact_ssim_sums(a.view(), b.view(), {}, 1, window).front());
}

TEST(Ssim, IsItsDefinition) {
  for (const int channels : {1, 3}) {
    const auto a = textured(23, 31, channels, 0);
    const auto b = textured(23, 31, channels, 1);
    EXPECT_NEAR(general(a, b, window(11)), by_definition(a, b), 1e-12);
  }
}

// What is measured; exact_ssim.h promises less.
constexpr double kExactBound = 3e-9;
constexpr double kPromised = 6e-8;

TEST(ExactSsim, IsTheGeneralCode) {
  for (const auto& [height, width] :
       {std::pair{11, 11}, {11, 12}, {12, 40}, {53, 61}, {31, 160}, {90, 333}}) {
    for (const int channels : {1, 3}) {
      for (const int size : {7, 11}) {
        const auto a = textured(height, width, channels, 0);
        const auto b = textured(height, width, channels, 1);
        EXPECT_NEAR(fast(a, b, window(size)), general(a, b, window(size)), kExactBound)
            << width << "x" << height << " " << channels << " " << size;
      }
    }
  }
}

// Besides natural pictures the ones where most cancels: saturated flat areas, a constant offset,
// hard edges, grain on white, periodic patterns.
TEST(ExactSsim, IsWithinItsBound) {
  constexpr int kH = 180;
  constexpr int kW = 240;
  const auto noise = [](int, int, int, const Random& r) { return 250 + 6 * r.normal(0); };
  const auto white = [](int, int, int, const Random&) { return 255.0; };
  const auto one = [](int, int, int, const Random&) { return 1.0; };
  const auto near_white = [](int, int, int, const Random&) { return 254.0; };
  const auto dark = [](int, int, int, const Random& r) { return 3 * r.uniform(0); };
  const auto checks = [](int y, int x, int, const Random&) {
    return 60.0 + 130 * ((x / 8 + y / 8) % 2);
  };
  const auto hurt = [](int y, int x, int, const Random&) {
    return 60.0 + 130 * ((x / 8 + y / 8) % 2) + 20 * ((2 * x + y) % 23 < 3);
  };
  const auto ramp = [](int y, int x, int c, const Random&) {
    return (x / 2 + y / 3 + 20 * c) % 256;
  };
  const auto halves = [](int, int x, int, const Random&) { return x < kW / 2 ? 0.0 : 255.0; };
  const auto halves_hurt = [](int y, int x, int, const Random& r) {
    return x < kW / 2 ? 4.0 * ((x + y) % 2) : 255 - 9 * r.uniform(0);
  };
  const auto pixels = [](int y, int x, int, const Random&) { return 255.0 * ((x + y) % 2); };
  const auto others = [](int y, int x, int, const Random&) { return 255.0 * ((x + y + 1) % 2); };
  const auto almost = [&](int y, int x, int c, const Random& r) {
    return ramp(y, x, c, r) + (r.uniform(1) < 0.01 ? 1 : 0);
  };
  const auto grain = [](int, int, int, const Random& r) { return 254 + 1.99 * r.uniform(0); };
  const auto dots = [](int y, int x, int, const Random&) {
    return x % 11 == 5 && y % 11 == 5 ? 255.0 : 0.0;
  };
  const std::vector<std::pair<Image<std::uint8_t>, Image<std::uint8_t>>> pairs = [&] {
    std::vector<std::pair<Image<std::uint8_t>, Image<std::uint8_t>>> out;
    const auto add = [&](const auto& a, const auto& b) {
      out.emplace_back(picture(kH, kW, 3, a), picture(kH, kW, 3, b));
    };
    out.emplace_back(textured(kH, kW, 3, 0), textured(kH, kW, 3, 1));
    add(white, noise);
    add(white, near_white);
    add(dark, noise);
    add(checks, hurt);
    add(ramp, checks);
    add(pixels, others);
    add(pixels, white);
    add(ramp, almost);
    add(grain, white);
    add(dots, dark);
    add(halves, halves_hurt);
    add(one, halves_hurt);
    return out;
  }();
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& [a, b] = pairs[i];
    const double truth = general(a, b, window(11));
    EXPECT_NEAR(fast(a, b, window(11)), truth, kExactBound) << i;
    EXPECT_NEAR(fast(a, b, window(7)), general(a, b, window(7)), kExactBound) << i;
    EXPECT_EQ(fast(a, a, window(11)), 1) << i;
  }
}

// Down to the narrowest that it takes, and ranges at both ends. Besides noise, points and lines
// that are alone under the outer taps, whose rounding is all that the score then depends on.
TEST(ExactSsim, AnyWindowThatItTakes) {
  const auto any = [](int, int, int, const Random& r) { return 255.99 * r.uniform(0); };
  const auto other = [](int, int, int, const Random& r) { return 255.99 * r.uniform(1); };
  const auto points = [](int y, int x, int, const Random&) {
    return x % 11 == 5 && y % 11 == 5 ? 255.0 : 0.0;
  };
  const auto lines = [](int, int x, int, const Random&) { return x % 11 == 5 ? 255.0 : 0.0; };
  const auto lines_aside = [](int, int x, int, const Random&) { return x % 11 == 2 ? 255.0 : 0.0; };
  std::vector<std::pair<Image<std::uint8_t>, Image<std::uint8_t>>> pairs;
  const auto add = [&](const auto& a, const auto& b) {
    pairs.emplace_back(picture(40, 90, 3, a), picture(40, 90, 3, b));
  };
  add(any, other);
  add(points, lines_aside);
  add(lines, lines_aside);
  int taken = 0;
  for (const int size : {7, 11}) {
    for (double sigma = 0.2; sigma < 4; sigma += sigma < 1.6 ? 0.02 : 0.2) {
      for (const double range : {32.0, 255.0, 65535.0}) {
        SsimOptions options;
        options.taps = gaussian_taps(size, sigma);
        options.range = range;
        if (!exact_window(options.taps, range)) continue;
        ++taken;
        for (const auto& [a, b] : pairs) {
          ASSERT_NEAR(fast(a, b, options), general(a, b, options), kPromised)
              << size << " " << sigma << " " << range;
          ASSERT_EQ(fast(a, a, options), 1) << size << " " << sigma << " " << range;
        }
      }
    }
  }
  EXPECT_GT(taken, 100);
  EXPECT_TRUE(exact_window(gaussian_taps(11, 1.5)).has_value());
  EXPECT_TRUE(exact_window(std::vector<double>(7, 1.0 / 7)).has_value());
  EXPECT_FALSE(exact_window(gaussian_taps(11, 1.5), 31).has_value());
  EXPECT_FALSE(exact_window(gaussian_taps(11, 0.8)).has_value());
}

TEST(ExactSsim, EqualPicturesScoreOneUnderEveryLabel) {
  const auto a = textured(60, 143, 3, 0);
  const auto labels =
      picture(60, 143, 1, [](int y, int x, int, const Random&) { return (x / 9 + y / 4) % 3; });
  const ExactWindow exact = exact_window(window(11).taps).value();
  for (const MetricSum& sum : exact_ssim_sums(a.view(), a.view(), labels.view(), 3, exact)) {
    EXPECT_EQ(sum.sum, sum.count);
  }
}

TEST(Ssim, BordersOfIntegersAreThoseOfTheGeneralCode) {
  for (const auto& [height, width] : {std::pair{40, 70}, {11, 13}, {5, 60}, {3, 4}, {1, 1}}) {
    for (const int channels : {1, 3}) {
      const auto a = textured(height, width, channels, 0);
      const auto b = textured(height, width, channels, 1);
      const auto labels = picture(
          height, width, 1, [](int y, int x, int, const Random&) { return (x / 9 + y / 4) % 2; });
      MetricInput integers;
      integers.reference_u8 = a.view();
      integers.prediction_u8 = b.view();
      const Image<double> real_a = to_double(a.view());
      const Image<double> real_b = to_double(b.view());
      MetricInput real;
      real.reference = real_a.view();
      real.prediction = real_b.view();
      for (const char* border : {"replicate", "zero", "reflect", "symmetric"}) {
        const Metric& ssim = metric_by_name("ssim");
        Params params(ssim.params);
        params.set("border", border);
        ASSERT_TRUE(ssim.integers_do(params));
        const auto scorer = ssim.frames(params);
        EXPECT_NEAR(scorer->score(integers), scorer->score(real), kExactBound)
            << border << " " << width << "x" << height;
        const auto fast_sums = scorer->sums(integers, labels.view(), 2);
        const auto sums = scorer->sums(real, labels.view(), 2);
        for (std::size_t i = 0; i < 2; ++i) {
          EXPECT_EQ(fast_sums[i].count, sums[i].count) << border;
          EXPECT_NEAR(fast_sums[i].sum, sums[i].sum, kExactBound * (1 + sums[i].count)) << border;
        }
      }
    }
  }
}

TEST(Ssim, SampleCovarianceOfAVolumeIsOverItsVoxels) {
  const auto a = textured(5, 6, 3, 0);
  const auto b = textured(5, 6, 3, 1);
  const auto at = [](const Image<std::uint8_t>& image, int y, int x, int c) {
    const auto value =
        image.view().at(std::clamp(y, 0, 4), std::clamp(x, 0, 5), std::clamp(c, 0, 2));
    return static_cast<double>(value);
  };
  double total = 0;
  for (int i = 0; i < 5 * 6 * 3; ++i) {
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (int k = 0; k < 27; ++k) {
      const std::array<int, 3> place = {i / 18 + k / 9 - 1, i / 3 % 6 + k / 3 % 3 - 1,
                                        i % 3 + k % 3 - 1};
      const double u = at(a, place[0], place[1], place[2]);
      const double v = at(b, place[0], place[1], place[2]);
      ma += u / 27;
      mb += v / 27;
      aa += u * u;
      bb += v * v;
      ab += u * v;
    }
    const auto sample = [](double sum, double means) { return (sum - 27 * means) / 26; };
    total += (2 * ma * mb + 6.5025) / (ma * ma + mb * mb + 6.5025) *
             (2 * sample(ab, ma * mb) + 58.5225) /
             (sample(aa, ma * ma) + sample(bb, mb * mb) + 58.5225);
  }
  const Metric& ssim = metric_by_name("ssim");
  Params params(ssim.params);
  for (const char* pair :
       {"window=uniform", "size=3", "border=replicate", "channels=volume", "covariance=sample"}) {
    params.set_pair(pair);
  }
  MetricInput input;
  const Image<double> real_a = to_double(a.view());
  const Image<double> real_b = to_double(b.view());
  input.reference = real_a.view();
  input.prediction = real_b.view();
  EXPECT_NEAR(ssim.frames(params)->score(input), total / 90, 1e-12);
}

TEST(ExactSsim, LabelsSplitTheSum) {
  const auto a = textured(60, 200, 3, 0);
  const auto b = textured(60, 200, 3, 1);
  const auto labels =
      picture(60, 200, 1, [](int y, int x, int, const Random&) { return (x / 9 + y / 4) % 3; });
  const SsimOptions options = window(11);
  const ExactWindow exact = exact_window(options.taps).value();
  const auto sums = exact_ssim_sums(a.view(), b.view(), labels.view(), 3, exact);
  const auto maps = ssim_maps(to_double(a.view()).view(), to_double(b.view()).view(), options);
  for (int label = 0; label < 3; ++label) {
    MetricSum want;
    for (const SsimMap& map : maps) {
      for (int y = 0; y < map.ssim.height(); ++y) {
        for (int x = 0; x < map.ssim.width(); ++x) {
          if (labels.view().at(y + 5, x + 5) != label) continue;
          want.sum += map.ssim.view().at(y, x);
          want.count += 1;
        }
      }
    }
    EXPECT_EQ(sums[static_cast<std::size_t>(label)].count, want.count);
    EXPECT_NEAR(sums[static_cast<std::size_t>(label)].sum, want.sum, kExactBound * want.count);
  }
}

TEST(Ssim, DownsamplingRoundsHalvesAsMatlab) {
  EXPECT_EQ(downsample_factor(321, 481, Downsample::kWang), 1);
  EXPECT_EQ(downsample_factor(384, 512, Downsample::kWang), 2);
  EXPECT_EQ(downsample_factor(640, 900, Downsample::kWang), 3);
  EXPECT_EQ(downsample_factor(640, 900, Downsample::kWangEven), 2);
  EXPECT_EQ(downsample_factor(640, 900, Downsample::kNone), 1);
}

TEST(Regions, NearDistancesAreExact) {
  for (const auto& [height, width] : {std::pair{97, 141}, {1, 80}, {70, 1}, {3, 65}}) {
    for (const double share : {0.0, 0.0003, 0.01, 0.3}) {
      const auto marks = picture(height, width, 1, [&](int, int, int, const Random& r) {
        return r.uniform(0) < share ? 1 : 0;
      });
      const auto squared = near_distances(marks.view());
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          int best = kNotNear;
          for (int j = 0; j < height; ++j) {
            for (int i = 0; i < width; ++i) {
              const int d = (y - j) * (y - j) + (x - i) * (x - i);
              if (marks.view().at(j, i) != 0 && d <= kNearPx * kNearPx) best = std::min(best, d);
            }
          }
          ASSERT_EQ(squared.view().at(y, x), best) << y << " " << x << " " << share;
        }
      }
    }
  }
}

TEST(Regions, BandsArePartsOfInsideAndOutside) {
  const auto mask = picture(90, 120, 1, [](int y, int x, int, const Random&) {
    return (y - 40) * (y - 40) + (x - 50) * (x - 50) < 500 ? 200 : 100;
  });
  RegionSources sources;
  sources.mask = mask.view();
  sources.streak = mask.view();
  const Regions regions = make_regions(sources, 90, 120);
  EXPECT_EQ(regions.list.size(), region_names(true, true, false).size());
  std::map<std::string, int> pixels;
  for (const Region& region : regions.list) {
    const Image<std::uint8_t> counted = regions.mask_of(region);
    for (const std::uint8_t v : counted.pixels()) pixels[region.name] += v != 0;
  }
  EXPECT_EQ(pixels["inside"] + pixels["outside"], 90 * 120);
  EXPECT_EQ(pixels["rim_in_0_8"] + pixels["rim_in_8_up"], pixels["inside"]);
  EXPECT_EQ(pixels["rim_out_0_8"] + pixels["rim_out_8_32"] + pixels["rim_out_32_up"],
            pixels["outside"]);
  EXPECT_EQ(pixels["on_streak"], 90 * 120);
  EXPECT_GT(pixels["rim_in_8_up"], 300);
  EXPECT_THROW(make_regions(sources, 90, 121), Error);
}

}  // namespace
}  // namespace pluvia
