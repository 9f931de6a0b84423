// SPDX-License-Identifier: Apache-2.0
// The pane of a clip: the same at any time whatever was asked before and from however many threads,
// at any time at all; steady from frame to frame; and as wet as the look says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>

#include "synth/rain_params.h"
#include "tests/synth/pane_picture.h"

namespace pluvia::synth {
namespace {

GlassField busy_pane() {
  GlassField field;
  field.drops = 100;
  field.least_mm = 0.3;
  field.most_mm = 2.2;
  field.rate_mm_h = 50;
  field.law.tilt_deg = 70;
  return field;
}

const Camera kCamera = Camera::of({}, 360, 640);

std::vector<float> numbers_of(const GlassDrops& drops) {
  std::vector<float> out;
  for (const Lobe& l : drops.lobes) {
    for (const float v : {l.x, l.y, l.radius_px, l.stretch, l.sin_contact, l.cos_contact}) {
      out.push_back(v);
    }
    out.insert(out.end(), l.outline, l.outline + 6);
  }
  return out;
}

TEST(GlassPane, OrderDoesNotMatter) {
  const GlassPane in_turn(busy_pane(), {4, 1});
  std::vector<std::vector<float>> frames;
  for (int t = 0; t < 100; ++t) frames.push_back(numbers_of(in_turn.at(kCamera, t / 25.0)));
  const GlassPane mixed(busy_pane(), {4, 1});
  for (int i = 0; i < 100; ++i) {
    const int t = i * 37 % 100;
    ASSERT_EQ(numbers_of(mixed.at(kCamera, t / 25.0)), frames[static_cast<std::size_t>(t)]) << t;
  }
  const GlassPane alone(busy_pane(), {4, 1});
  EXPECT_EQ(numbers_of(alone.at(kCamera, 77 / 25.0)), frames[77]);
  EXPECT_NE(numbers_of(GlassPane(busy_pane(), {5, 1}).at(kCamera, 0)), frames[0]);
  EXPECT_NE(numbers_of(GlassPane(busy_pane(), {4, 2}).at(kCamera, 0)), frames[0]);
}

TEST(GlassPane, ThreadsDoNotMatter) {
  const GlassPane pane(busy_pane(), {4, 1});
  const GlassPane alone(busy_pane(), {4, 1});
  std::vector<std::vector<float>> got(24);
  std::vector<std::thread> threads;
  for (std::size_t k = 0; k < 4; ++k) {
    threads.emplace_back([&, k, copy = pane] {
      for (std::size_t i = k; i < got.size(); i += 4) {
        got[i] = numbers_of(copy.at(kCamera, 0.17 * static_cast<double>(i * 5 % 24)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i], numbers_of(alone.at(kCamera, 0.17 * static_cast<double>(i * 5 % 24)))) << i;
  }
}

TEST(GlassPane, ASmallPictureIsALargeOneShrunk) {
  const GlassPane pane(busy_pane(), {4, 1});
  const GlassDrops small = pane.at(kCamera, 1.3);
  const GlassDrops large = pane.at(Camera::of({}, 720, 1280), 1.3);
  // Tiny ones are left out of the small picture.
  std::size_t k = 0;
  for (const Lobe& lobe : large.lobes) {
    if (k < small.lobes.size() && std::abs(small.lobes[k].x * 2 - lobe.x) < 0.01F &&
        std::abs(small.lobes[k].y * 2 - lobe.y) < 0.01F) {
      EXPECT_NEAR(small.lobes[k].radius_px * 2, lobe.radius_px, 1e-3F);
      ++k;
    }
  }
  EXPECT_EQ(k, small.lobes.size());
  EXPECT_GT(k, 100U);
}

TEST(GlassPane, AnyTimeIsAnswered) {
  const GlassPane pane(busy_pane(), {9, 3});
  const auto start = numbers_of(pane.at(kCamera, 0));
  EXPECT_EQ(numbers_of(pane.at(kCamera, -3)), start);
  EXPECT_EQ(numbers_of(pane.at(kCamera, NAN)), start);
  for (const double t : {0.0, 5.0, 30.0, 3600.0, 1e7 + 0.5, 1e30}) {
    const int count = pane.at(kCamera, t).count;
    EXPECT_GT(count, 50) << t;
    EXPECT_LT(count, 900) << t;
  }
  EXPECT_EQ(numbers_of(pane.at(kCamera, 0)), start);
  EXPECT_TRUE(GlassPane({}, {9, 3}).at(kCamera, 1).lobes.empty());
}

/// Coverage of every pixel, before defocus or with it.
std::vector<double> mask_of(const GlassDrops& drops, int height, int width, float blur_px) {
  std::vector<double> out(static_cast<std::size_t>(height * width));
  if (drops.lobes.empty()) return out;
  Image<std::uint8_t> grey(height, width, 3);
  std::fill(grey.pixels().begin(), grey.pixels().end(), std::uint8_t{128});
  const Image<float> plane = pane_picture(drops.lobes, grey, static_cast<double>(width), blur_px);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      out[static_cast<std::size_t>(y * width + x)] = static_cast<double>(plane.view().at(y, x, 3));
    }
  }
  return out;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<double>(a.size());
  double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sa += a[i], sb += b[i], aa += a[i] * a[i], bb += b[i] * b[i], ab += a[i] * b[i];
  }
  return (ab - sa * sb / n) / std::sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
}

TEST(GlassPane, StaysFromFrameToFrameAndChangesOverTime) {
  const GlassPane pane(busy_pane(), {4, 0});
  const auto mask = [&](double t) { return mask_of(pane.at(kCamera, t), 360, 640, 2); };
  const auto first = mask(1);
  auto last = first;
  for (int t = 1; t <= 12; ++t) {
    const auto next = mask(1 + t / 25.0);
    EXPECT_GT(correlation(last, next), 0.9);
    last = next;
  }
  EXPECT_LT(correlation(first, mask(90)), 0.5);
}

TEST(GlassPane, PinnedDropsHoldStill) {
  GlassField field = busy_pane();
  field.rate_mm_h = 0;
  field.slide_mm_s = 0;
  const GlassPane pane(field, {4, 0});
  auto last = mask_of(pane.at(kCamera, 0.5), 360, 640, 0);
  for (int t = 1; t <= 10; ++t) {
    const auto next = mask_of(pane.at(kCamera, 0.5 + t / 25.0), 360, 640, 0);
    EXPECT_GT(correlation(last, next), 0.9999);
    last = next;
  }
}

TEST(GlassPane, VrdsCoverAllAlongAClip) {
  for (const char* drops : {"40", "90", "110"}) {
    Params params = vrds_look();
    params.set("drops", drops);
    params.set("rain_mm_h", "100");
    const GlassField field = RainParams::of(params).glass;
    for (std::uint32_t clip = 0; clip < 4; ++clip) {
      const GlassPane pane(field, {20, clip});
      for (const double t : {0.0, 2.0, 4.0}) {
        double covered = 0;
        for (const double m : mask_of(pane.at(kCamera, t), 360, 640, 6))
          covered += m >= 0.5 ? 1 : 0;
        covered /= 360 * 640;
        EXPECT_GE(covered, 0.01) << drops << " drops, clip " << clip << ", " << t << " s";
        EXPECT_LE(covered, 0.15) << drops << " drops, clip " << clip << ", " << t << " s";
      }
    }
  }
}

}  // namespace
}  // namespace pluvia::synth
