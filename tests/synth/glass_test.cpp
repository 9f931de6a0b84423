// SPDX-License-Identifier: Apache-2.0
// Drops on glass: refraction against Snell's law written with angles, the picture inside a drop,
// coverage against the area of a disc, blur.
#include <gtest/gtest.h>

#include <cmath>

#include "core/parallel.h"
#include "synth/effects/box_blur.h"
#include "synth/effects/glass_draw.h"
#include "synth/effects/glass_optics.h"
#include "synth/effects/glass_surface.h"

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

/// White above `row`, black below.
LightPyramid sky_over_ground(int height, int width, int row) {
  Image<float> light(height, width, 3, Transfer::kLinear);
  for (int y = 0; y < height; ++y) {
    for (float& v : light.view().row(y)) v = y < row ? 1.0F : 0.0F;
  }
  return LightPyramid(std::move(light), 1);
}

TEST(GlassDraw, TheWorldInADropStandsOnItsHead) {
  const LightPyramid scene = sky_over_ground(400, 640, 200);
  const LightPyramid* const scenes[] = {&scene};
  const Lobe lobe = plain_cap(320, 200, 40, 45);
  const auto planes = draw_glass({&lobe, 1}, {640, 0}, scenes);
  const auto plane = planes[0].view();
  EXPECT_GT(plane.at(225, 320, 1), 0.8F);  // bright sky at its foot
  EXPECT_LT(plane.at(175, 320, 1), 0.2F);
  EXPECT_EQ(plane.at(200, 320, 3), 1);
  EXPECT_EQ(plane.at(150, 320, 3), 0);
}

TEST(GlassDraw, CoverageIsTheFootOfTheDrop) {
  const LightPyramid scene = sky_over_ground(200, 200, 100);
  const LightPyramid* const scenes[] = {&scene};
  for (const float radius : {2.0F, 10.0F, 35.0F}) {
    for (const float blur : {0.0F, 6.0F}) {
      const Lobe lobe = plain_cap(100.3F, 99.6F, radius, 50);
      const auto planes = draw_glass({&lobe, 1}, {1000, blur}, scenes);
      double area = 0;
      for (int y = 0; y < 200; ++y) {
        for (int x = 0; x < 200; ++x) area += static_cast<double>(planes[0].view().at(y, x, 3));
      }
      const double r = static_cast<double>(radius);
      EXPECT_NEAR(area / (std::acos(-1) * r * r), 1, radius < 5 ? 0.06 : 0.01) << radius;
    }
  }
}

TEST(GlassDraw, EvenLightStaysEven) {
  Image<float> light(120, 160, 3, Transfer::kLinear);
  std::fill(light.pixels().begin(), light.pixels().end(), 0.5F);
  const LightPyramid scene(std::move(light), 1);
  const LightPyramid* const scenes[] = {&scene};
  const Lobe lobe = plain_cap(80, 60, 30, 30);
  const auto planes = draw_glass({&lobe, 1}, {300, 0}, scenes);
  EXPECT_NEAR(planes[0].view().at(60, 80, 0), 0.5F * 0.96F, 0.005F);
}

TEST(BoxBlur, KeepsTheSumAndHasADiscsVariance) {
  for (const float diameter : {1.0F, 4.0F, 9.5F, 30.0F}) {
    Image<float> image(101, 121, 4, Transfer::kLinear);
    std::fill(image.pixels().begin(), image.pixels().end(), 0.0F);
    image.view().at(50, 60, 2) = 7;
    blur_disc(image.view(), diameter);
    double sum = 0;
    double xx = 0;
    double yy = 0;
    for (int y = 0; y < 101; ++y) {
      for (int x = 0; x < 121; ++x) {
        const double v = static_cast<double>(image.view().at(y, x, 2));
        sum += v;
        xx += v * (x - 60) * (x - 60);
        yy += v * (y - 50) * (y - 50);
        ASSERT_EQ(image.view().at(y, x, 0), 0);
      }
    }
    EXPECT_NEAR(sum, 7, 1e-4);
    const double disc = static_cast<double>(diameter) * static_cast<double>(diameter) / 16;
    EXPECT_NEAR(xx / sum, disc, 0.01 * disc);
    EXPECT_NEAR(yy / sum, disc, 0.01 * disc);
  }
}

TEST(BoxBlur, FarApartDropsAreBlurredAsIfAlone) {
  const auto blurred = [](bool left, bool right) {
    Image<float> image(9, 300, 4, Transfer::kLinear);
    std::fill(image.pixels().begin(), image.pixels().end(), 0.0F);
    if (left) image.view().at(4, 3, 1) = 1;
    if (right) image.view().at(4, 250, 1) = 1;
    blur_disc(image.view(), 12);
    return image;
  };
  const Image<float> both = blurred(true, true);
  const Image<float> left = blurred(true, false);
  const Image<float> right = blurred(false, true);
  for (std::size_t i = 0; i < both.pixels().size(); ++i) {
    ASSERT_EQ(both.pixels()[i], left.pixels()[i] + right.pixels()[i]);
  }
  EXPECT_GT(both.view().at(4, 252, 1), 0);
  EXPECT_GT(both.view().at(4, 0, 1), both.view().at(4, 9, 1));
}

TEST(Pyramid, EveryLevelKeepsTheMeanOfEvenSizes) {
  Image<float> light(64, 128, 3, Transfer::kLinear);
  float value = 0;
  for (float& v : light.pixels()) v = value = value < 0.9F ? value + 0.013F : 0;
  double mean = 0;
  for (const float v : light.pixels()) mean += static_cast<double>(v) / (64 * 128 * 3);
  const LightPyramid pyramid(std::move(light), 1);
  for (int k = 0; k < pyramid.levels(); ++k) {
    const auto level = pyramid.level(k);
    double sum = 0;
    for (int y = 0; y < level.height(); ++y) {
      for (const float v : level.row(y)) sum += static_cast<double>(v);
    }
    EXPECT_NEAR(sum / (level.height() * level.width() * 3), mean, 1e-5);
  }
}

}  // namespace
}  // namespace pluvia::synth
