// SPDX-License-Identifier: Apache-2.0
// The veil against the law of extinction, and the depth assumed where none is known.
#include "synth/effects/veil.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "synth/effects/assumed_depth.h"

namespace pluvia::synth {
namespace {

TEST(Veil, ExtinctionOfUnresolvedDropsAlongTheWay) {
  const DropSizes sizes(25, 0);
  const VeilField field{1.5, 2, 0.5, 1290};
  const Veil veil(sizes, field);
  for (const double end_m : {10.0, 50.0, 200.0, 500.0}) {
    double tau = 0;  // a plain sum over the definition
    constexpr int kSteps = 2000;
    for (int i = 0; i < kSteps; ++i) {
      const double z = end_m * (i + 0.5) / kSteps;
      const double most_mm = std::min(8.0, 0.5 * z / 1290 * 1e3);
      double area_mm2 = 0;
      const double step = most_mm / 200;
      for (double d = step / 2; d < most_mm; d += step) {
        area_mm2 += sizes.density(d) * std::acos(-1) / 4 * d * d * step;
      }
      tau += (1.5 * area_mm2 * 1e-6 + 2e-3) * end_m / kSteps;
    }
    EXPECT_NEAR(-std::log(static_cast<double>(veil.transmission(static_cast<float>(end_m)))) / tau,
                1, 0.01)
        << end_m;
  }
  EXPECT_EQ(veil.transmission(0), 1);
  EXPECT_EQ(veil.transmission(INFINITY), veil.transmission(static_cast<float>(Veil::kSkyM)));
}

TEST(Veil, WhatIsDrawnAndWhatIsVeilMakeTheSameWhole) {
  // At 30 m drops up to 8 mm are narrower than half a pixel: the rest of the way is all veil.
  const DropSizes sizes(50, 0);
  const Veil fine(sizes, {1.5, 0, 0.25, 1290});
  const Veil coarse(sizes, {1.5, 0, 0.5, 1290});
  const auto tau = [](const Veil& veil, float from, float to) {
    return std::log(static_cast<double>(veil.transmission(from) / veil.transmission(to)));
  };
  EXPECT_NEAR(tau(fine, 50, 300) / tau(coarse, 50, 300), 1, 0.005);
  EXPECT_LT(tau(fine, 0, 20), tau(coarse, 0, 20));
}

Camera camera_of(int height, int width, double focal_px) {
  CameraState state;
  state.focal_px = focal_px;
  return Camera::of(state, height, width);
}

TEST(AssumedDepth, IsAStreet) {
  const AssumedDepth street = AssumedDepth::of(camera_of(720, 1280, 1000));
  const DepthView depth{nullptr, street.rows.data(), street.columns.data(), 1280};
  EXPECT_NEAR(depth.at(719, 640), 1000 * 1.4F / 359.5F, 0.01F);
  EXPECT_NEAR(depth.at(0, 0), 1000 * 9 / 639.5F, 0.01F);
  EXPECT_EQ(depth.at(0, 640), 80);
}

TEST(AssumedDepth, GoesByTheCamera) {
  // Every row's ray by plain geometry: it meets the ground 3 m below or the end 80 m ahead.
  for (const double degrees : {-60.0, -12.0, 0.0, 25.0}) {
    const double pitch = degrees * std::acos(-1) / 180;
    CameraState state;
    state.position_m = {5, 3, -40};
    state.orientation = {std::cos(pitch / 2), std::sin(pitch / 2), 0, 0};
    state.focal_px = 500;
    const AssumedDepth street = AssumedDepth::of(Camera::of(state, 360, 640));
    for (int y = 0; y < 360; ++y) {
      const double angle = pitch - std::atan((y + 0.5 - 180) / 500);
      const double along =
          angle < 0 ? std::min(3 / std::sin(-angle), 80 / std::cos(angle)) : 80 / std::cos(angle);
      const double depth = along * std::cos(angle - pitch);
      ASSERT_NEAR(static_cast<double>(street.rows[static_cast<std::size_t>(y)]) / depth, 1, 1e-5)
          << degrees << " " << y;
    }
  }
}

TEST(AssumedDepth, TransmissionOfTheNearerOne) {
  const Veil veil(DropSizes(50, 0), {1.5, 5, 0.5, 1000});
  const AssumedDepth street = AssumedDepth::of(camera_of(90, 160, 125));
  const std::vector<float> rows = transmissions(veil, street.rows);
  const std::vector<float> columns = transmissions(veil, street.columns);
  const DepthView depth{nullptr, street.rows.data(), street.columns.data(), 160};
  const VeilView view{&veil, depth, rows.data(), columns.data(), {}};
  for (int y = 0; y < 90; ++y) {
    for (int x = 0; x < 160; ++x) ASSERT_EQ(view.at(y, x), veil.transmission(depth.at(y, x)));
  }
}

}  // namespace
}  // namespace pluvia::synth
