// SPDX-License-Identifier: Apache-2.0
// Scaling against areas integrated in double precision, and what must not change at all.
#include "eval/render/fit_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/rng.h"

namespace pluvia {
namespace {

Image<std::uint8_t> noise(int height, int width) {
  Image<std::uint8_t> image(height, width, 3);
  std::uint32_t i = 0;
  for (std::uint8_t& v : image.pixels()) {
    v = static_cast<std::uint8_t>(Random{7, 0, 0, i++}.below(1, 256));
  }
  return image;
}

double overlap(double a0, double a1, double b0, double b1) {
  return std::max(0.0, std::min(a1, b1) - std::max(a0, b0));
}

TEST(FitFrame, ShrinksByMeansOfAreas) {
  const Image<std::uint8_t> from = noise(40, 60);
  const Image<std::uint8_t> to = fit_frame(from.view(), 14, 21);
  const double scale = 60.0 / 21;
  for (int y = 0; y < 14; ++y) {
    for (int x = 0; x < 21; ++x) {
      double sum = 0;
      for (int v = 0; v < 40; ++v) {
        for (int u = 0; u < 60; ++u) {
          sum += from.view().at(v, u, 1) * overlap(v, v + 1, y * scale, (y + 1) * scale) *
                 overlap(u, u + 1, x * scale, (x + 1) * scale);
        }
      }
      EXPECT_NEAR(to.view().at(y, x, 1), sum / (scale * scale), 0.52) << y << " " << x;
    }
  }
}

TEST(FitFrame, TheSameSizeIsTheSamePicture) {
  const Image<std::uint8_t> from = noise(7, 9);
  const Image<std::uint8_t> to = fit_frame(from.view(), 7, 9);
  EXPECT_TRUE(std::equal(from.pixels().begin(), from.pixels().end(), to.pixels().begin()));
}

TEST(FitFrame, CutsTheMiddleOutWhenTheShapeDiffers) {
  const Image<std::uint8_t> from = noise(8, 20);
  const Image<std::uint8_t> to = fit_frame(from.view(), 8, 10);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 10; ++x) EXPECT_EQ(to.view().at(y, x, 0), from.view().at(y, x + 5, 0));
  }
}

TEST(FitFrame, EnlargesBilinearly) {
  Image<std::uint8_t> from(1, 2, 3);
  std::fill(from.pixels().begin(), from.pixels().end(), std::uint8_t{0});
  from.view().at(0, 1, 0) = 200;
  const Image<std::uint8_t> to = fit_frame(from.view(), 2, 4);
  const int expected[] = {0, 50, 150, 200};
  for (int x = 0; x < 4; ++x) EXPECT_EQ(to.view().at(1, x, 0), expected[x]);
}

TEST(FitFrame, EvenPicturesStayEvenAtAnySize) {
  Image<std::uint8_t> from(37, 53, 3);
  std::fill(from.pixels().begin(), from.pixels().end(), std::uint8_t{255});
  for (const auto& [height, width] : {std::pair{1, 1}, {5, 3}, {36, 53}, {90, 160}, {1, 200}}) {
    const Image<std::uint8_t> to = fit_frame(from.view(), height, width);
    for (const std::uint8_t v : to.pixels()) ASSERT_EQ(v, 255) << height << "x" << width;
  }
}

}  // namespace
}  // namespace pluvia
