// SPDX-License-Identifier: Apache-2.0
// Drops on glass: refraction against Snell's law written with angles, the picture inside a drop,
// coverage against the area of a disc, blur.
#include <gtest/gtest.h>

#include <cmath>

#include "synth/effects/glass_optics.h"
#include "synth/effects/glass_surface.h"
#include "tests/synth/pane_picture.h"

namespace pluvia::synth {
namespace {

const double kDegree = std::acos(-1) / 180;

TEST(GlassOptics, DeviationOfNormalSight) {
  // asin(n sin phi) - phi, towards the middle of the drop, and the transmission of the curved face.
  const double transmission[][2] = {{10, .98}, {20, .98}, {30, .97},
                                    {40, .94}, {45, .86}, {48, .57}};
  for (const auto& row : transmission) {
    const double phi = row[0] * kDegree;
    // To the right of the top of a cap the face falls: slope is negative.
    const Refraction r = through_drop({0, 0, 1}, static_cast<float>(-std::tan(phi)), 0);
    const double seen =
        std::atan2(static_cast<double>(r.direction.x), static_cast<double>(r.direction.z));
    EXPECT_NEAR(-seen / kDegree, (std::asin(1.333 * std::sin(phi)) - phi) / kDegree, 0.05);
    EXPECT_NEAR(static_cast<double>(r.transmitted), row[1] * 0.98, 0.012) << row[0];
  }
}

TEST(GlassOptics, TotalReflectionAboveTheCriticalSlope) {
  const double critical = std::asin(1 / 1.333) / kDegree;
  const auto passes = [](double degrees) {
    return through_drop({0, 0, 1}, static_cast<float>(std::tan(degrees * kDegree)), 0).transmitted >
           0;
  };
  EXPECT_TRUE(passes(critical - 0.1));
  EXPECT_FALSE(passes(critical + 0.1));
  EXPECT_FALSE(passes(85));
}

TEST(GlassOptics, ObliqueRayObeysSnellAtBothFaces) {
  for (const double sight : {-30.0, -10.0, 20.0}) {
    for (const double phi : {-35.0, -10.0, 0.0, 25.0}) {
      const double inside = std::asin(std::sin(sight * kDegree) / 1.333);
      // The face's normal leans by phi towards +x where the height falls with x.
      const double to_normal = inside - phi * kDegree;
      if (std::abs(1.333 * std::sin(to_normal)) >= 1) continue;
      const double expected = std::asin(1.333 * std::sin(to_normal)) + phi * kDegree;
      const Refraction r = through_drop({static_cast<float>(std::sin(sight * kDegree)), 0,
                                         static_cast<float>(std::cos(sight * kDegree))},
                                        static_cast<float>(-std::tan(phi * kDegree)), 0);
      const double seen =
          std::atan2(static_cast<double>(r.direction.x), static_cast<double>(r.direction.z));
      EXPECT_NEAR(seen / kDegree, expected / kDegree, 0.05) << sight << " " << phi;
    }
  }
}

Lobe plain_cap(float x, float y, float radius, double degrees) {
  Lobe lobe;
  lobe.x = x;
  lobe.y = y;
  lobe.radius_px = radius;
  lobe.sin_contact = static_cast<float>(std::sin(degrees * kDegree));
  lobe.cos_contact = static_cast<float>(std::cos(degrees * kDegree));
  return lobe;
}

TEST(GlassSurface, PlainCapHasASpheresSlopes) {
  const Lobe lobe = plain_cap(0, 0, 40, 60);
  const double sphere = 40 / std::sin(60 * kDegree);
  for (const float r : {0.0F, 7.0F, 20.0F, 39.0F}) {
    const Surface s = surface_of(lobe, r * 0.6F, r * 0.8F);
    const double slope =
        static_cast<double>(s.slope_per_gradient() * std::sqrt(s.gx * s.gx + s.gy * s.gy));
    const double phi = std::asin(static_cast<double>(r) / sphere);
    EXPECT_NEAR(slope, std::tan(phi), 1e-3);
    EXPECT_LE(s.gx, 0);
    EXPECT_LE(s.gy, 0);
  }
}

TEST(GlassSurface, GradientIsTheDerivative) {
  Lobe a = plain_cap(10, 12, 20, 50);
  a.stretch = 1.4F;
  const float outline[6] = {0.1F, -0.05F, 0.04F, 0.06F, -0.03F, 0.02F};
  std::copy(outline, outline + 6, a.outline);
  const Lobe b = plain_cap(28, 18, 12, 50);
  const auto at = [&](float x, float y) {
    Surface s = surface_of(a, x, y);
    join(s, surface_of(b, x, y));
    return s;
  };
  for (const auto& [x, y] :
       {std::pair{14.0F, 3.0F}, {22.0F, 16.0F}, {20.0F, 30.0F}, {30.0F, 20.0F}}) {
    constexpr float kStep = 0.02F;
    const Surface s = at(x, y);
    EXPECT_NEAR(s.gx, (at(x + kStep, y).q - at(x - kStep, y).q) / (2 * kStep), 2e-3);
    EXPECT_NEAR(s.gy, (at(x, y + kStep).q - at(x, y - kStep).q) / (2 * kStep), 2e-3);
  }
}

TEST(GlassDraw, TheWorldInADropStandsOnItsHead) {
  const Image<std::uint8_t> scene = sky_over_ground(400, 640, 200);
  const Lobe lobe = plain_cap(320, 200, 40, 45);
  const Image<float> drawn = pane_picture({&lobe, 1}, scene, 640, 0);
  const auto plane = drawn.view();
  EXPECT_GT(plane.at(225, 320, 1), 0.8F);  // bright sky at its foot
  EXPECT_LT(plane.at(175, 320, 1), 0.2F);
  EXPECT_EQ(plane.at(200, 320, 3), 1);
  EXPECT_EQ(plane.at(150, 320, 3), 0);
}

TEST(GlassDraw, CoverageIsTheFootOfTheDrop) {
  const Image<std::uint8_t> scene = sky_over_ground(200, 200, 100);
  for (const float radius : {2.0F, 10.0F, 35.0F}) {
    for (const float blur : {0.0F, 5.0F, 6.0F, 13.0F, 25.0F}) {
      // In pane pixels (effects/pane.h). What is narrower than two of them feels where it lies
      // between them; over all places it does not.
      const double r = static_cast<double>(radius);
      const int scale = PaneBlur::of(200, 200, blur).grid.scale;
      const double fine = r / scale;
      const double bound = fine < 0.75 ? 0.26 : (fine < 2 ? 0.06 : 0.01);
      const int places = fine < 2 ? 4 : 1;
      double mean = 0;
      for (int place = 0; place < places * places; ++place) {
        const auto at = [&](int i) { return static_cast<float>(scale * i) / 4; };
        const Lobe lobe =
            plain_cap(100.3F + at(place % places), 99.6F + at(place / places), radius, 50);
        const Image<float> drawn = pane_picture({&lobe, 1}, scene, 1000, blur);
        double area = 0;
        for (std::size_t i = 3; i < drawn.pixels().size(); i += 4) {
          area += static_cast<double>(drawn.pixels()[i]);
        }
        EXPECT_NEAR(area / (std::acos(-1) * r * r), 1, bound) << radius << " " << blur;
        mean += area / (std::acos(-1) * r * r * places * places);
      }
      EXPECT_NEAR(mean, 1, 0.01) << radius << " " << blur;
    }
  }
}

TEST(GlassDraw, EvenLightStaysEven) {
  Image<std::uint8_t> scene(120, 160, 3);
  std::fill(scene.pixels().begin(), scene.pixels().end(), 188);
  const float light = light_of_code(188);
  for (const float blur : {0.0F, 9.0F, 20.0F}) {
    const Lobe lobe = plain_cap(80, 60, 30, 30);
    const Image<float> drawn = pane_picture({&lobe, 1}, scene, 300, blur);
    EXPECT_NEAR(drawn.view().at(60, 80, 0) / light, 0.972F, 0.008F) << blur;
  }
}

/// Moments of the coverage of one small drop.
struct Spread {
  double sum = 0, x = 0, y = 0, xx = 0, yy = 0;

  explicit Spread(const Image<float>& drawn) {
    for (int v = 0; v < drawn.height(); ++v) {
      for (int u = 0; u < drawn.width(); ++u) {
        const auto m = static_cast<double>(drawn.view().at(v, u, 3));
        sum += m;
        x += m * u;
        y += m * v;
        xx += m * u * u;
        yy += m * v * v;
      }
    }
    x /= sum;
    y /= sum;
    xx = xx / sum - x * x;
    yy = yy / sum - y * y;
  }
};

TEST(GlassBlur, HasADiscsVarianceAndMovesNothing) {
  const Image<std::uint8_t> scene = sky_over_ground(220, 240, 100);
  for (const float radius : {6.0F, 12.0F}) {
    const Lobe lobe = plain_cap(120.2F, 110.7F, radius, 50);
    const Spread sharp(pane_picture({&lobe, 1}, scene, 1000, 0));
    for (const float diameter : {2.0F, 4.0F, 5.9F, 6.1F, 9.5F, 13.9F, 14.1F, 29.0F, 31.0F, 50.0F}) {
      const Spread soft(pane_picture({&lobe, 1}, scene, 1000, diameter));
      const double disc = static_cast<double>(diameter) * static_cast<double>(diameter) / 16;
      // Drops not wider than a few pane pixels (scale 2, 4, 8) feel where those lie.
      const int scale = PaneBlur::of(220, 240, diameter).grid.scale;
      const double bound = radius < 2.5F * static_cast<float>(scale) ? 0.045 : 0.01;
      EXPECT_NEAR(soft.sum / sharp.sum, 1, bound) << diameter;
      EXPECT_NEAR(soft.x, sharp.x, 0.05 * scale) << diameter;
      EXPECT_NEAR(soft.y, sharp.y, 0.05 * scale) << diameter;
      EXPECT_NEAR(soft.xx - sharp.xx, disc, bound * (disc + sharp.xx)) << diameter;
      EXPECT_NEAR(soft.yy - sharp.yy, disc, bound * (disc + sharp.yy)) << diameter;
    }
  }
}

TEST(GlassBlur, TapsSumToOneWithTheVarianceAskedFor) {
  for (const double variance : {0.0, 0.05, 0.3, 1.0, 4.0, 9.3, 40.0}) {
    double sum = 0;
    double xx = 0;
    double yy = 0;
    for (const BlurTap& tap : disc_taps(variance)) {
      sum += static_cast<double>(tap.weight);
      xx += static_cast<double>(tap.weight) * tap.dx * tap.dx;
      yy += static_cast<double>(tap.weight) * tap.dy * tap.dy;
    }
    EXPECT_NEAR(sum, 1, 1e-5);
    EXPECT_NEAR(xx, variance, 0.001 * variance + 1e-5);
    EXPECT_NEAR(yy, variance, 0.001 * variance + 1e-5);
  }
}

TEST(GlassBlur, IsADiscNotABell) {
  // A point of light out of focus: flat inside, nothing outside of the circle of confusion.
  const std::vector<BlurTap> taps = disc_taps(16.0 * 16 / 16);
  float middle = 0;
  for (const BlurTap& tap : taps) {
    if (tap.dx == 0 && tap.dy == 0) middle = tap.weight;
    const double r = std::sqrt(static_cast<double>(tap.dx * tap.dx + tap.dy * tap.dy));
    EXPECT_LE(r, 9);
  }
  EXPECT_NEAR(middle, 1 / (std::acos(-1) * 64), 0.0004);
}

TEST(GlassBlur, FarApartDropsAreBlurredAsIfAlone) {
  const Image<std::uint8_t> scene = sky_over_ground(60, 300, 30);
  const Lobe left = plain_cap(20, 30, 9, 50);
  const Lobe right = plain_cap(250, 30, 9, 50);
  const Lobe two[] = {left, right};
  const Image<float> both = pane_picture(two, scene, 1000, 12);
  const Image<float> one = pane_picture({&left, 1}, scene, 1000, 12);
  const Image<float> other = pane_picture({&right, 1}, scene, 1000, 12);
  for (std::size_t i = 0; i < both.pixels().size(); ++i) {
    ASSERT_EQ(both.pixels()[i], one.pixels()[i] + other.pixels()[i]);
  }
  EXPECT_GT(both.view().at(30, 259, 3), 0);
}

/// Texels of 8 by 8 pixels are made of every second row.
TEST(Pyramid, EveryLevelKeepsTheMeanOfEvenSizes) {
  Image<std::uint8_t> clean(64, 128, 3);
  std::uint8_t value = 0;
  for (std::uint8_t& v : clean.pixels()) v = value = static_cast<std::uint8_t>(value + 37);
  for (const int first : {0, 1, 3}) {
    double mean = 0;
    const int step = first == 3 ? 2 : 1;
    for (int y = step / 2; y < 64; y += step) {
      for (const std::uint8_t v : clean.view().row(y)) {
        mean += static_cast<double>(light_of_code(v)) * step / (64 * 128 * 3);
      }
    }
    for (const int lanes : {4, 8}) {
      const Scales scales(plain_scene(clean), first, lanes);
      EXPECT_EQ(scales.levels.widths[scales.levels.last], 1);
      for (int k = first; k <= scales.levels.last; ++k) {
        const int texels = scales.levels.heights[k] * scales.levels.widths[k];
        double sum = 0;
        for (int i = 0; i < texels * lanes; ++i) {
          sum += static_cast<double>(scales.levels.level(k)[i]);
        }
        EXPECT_NEAR(sum / (texels * 3 * lanes / 4), mean, 1e-5) << first << " " << k;
      }
    }
  }
}

}  // namespace
}  // namespace pluvia::synth
