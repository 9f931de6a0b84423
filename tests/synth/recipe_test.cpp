// SPDX-License-Identifier: Apache-2.0
// What recipes draw: distributions against their moments, independence by name, variants, and what
// is refused.
#include "synth/recipe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "synth/rain_params.h"
#include "synth/rain_settings.h"

namespace pluvia::synth {
namespace {

Recipe recipe(const std::string& text) { return Recipe::parse(Json::parse(text), "test"); }

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments over_clips(const Recipe& recipe, const std::function<double(const Params&)>& value) {
  constexpr int kClips = 4000;
  double sum = 0;
  double squares = 0;
  for (std::uint32_t clip = 0; clip < kClips; ++clip) {
    const double x = value(recipe.rain_of(clip, {}));
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kClips;
  return {mean, std::sqrt(squares / kClips - mean * mean)};
}

TEST(Recipe, DistributionsHaveTheirMoments) {
  const Recipe r = recipe(R"({"rain": {"rain_mm_h": [20, 80], "drift": {"normal": [0.2, 0.02]},
      "wind_m_s": {"log_uniform": [1, 20]}, "drops": {"choice": [10, 30, 80]}}})");
  const Moments uniform = over_clips(r, [](const Params& p) { return p.number("rain_mm_h"); });
  EXPECT_NEAR(uniform.mean, 50, 1.2);
  EXPECT_NEAR(uniform.deviation, 60 / std::sqrt(12.0), 0.5);
  const Moments normal = over_clips(r, [](const Params& p) { return p.number("drift"); });
  EXPECT_NEAR(normal.mean, 0.2, 0.0013);
  EXPECT_NEAR(normal.deviation, 0.02, 0.001);
  const Moments log = over_clips(r, [](const Params& p) { return std::log(p.number("wind_m_s")); });
  EXPECT_NEAR(log.mean, 0.5 * std::log(20.0), 0.05);
  EXPECT_NEAR(log.deviation, std::log(20.0) / std::sqrt(12.0), 0.03);
  const Moments choice =
      over_clips(r, [](const Params& p) { return static_cast<double>(p.integer("drops")); });
  EXPECT_NEAR(choice.mean, 40, 2);
}

TEST(Recipe, AParameterDrawsTheSameWhateverElseIsSet) {
  const Recipe alone = recipe(R"({"rain": {"rain_mm_h": [20, 80]}})");
  const Recipe among = recipe(R"({"rain": {"drops": [1, 9], "rain_mm_h": [20, 80]}})");
  for (std::uint32_t clip = 0; clip < 20; ++clip) {
    EXPECT_EQ(alone.rain_of(clip, {}).number("rain_mm_h"),
              among.rain_of(clip, {}).number("rain_mm_h"));
  }
}

TEST(Recipe, SeedsAndClipsDrawDifferently) {
  std::set<double> seen;
  for (const char* seed : {"1", "2", "18446744073709551615"}) {
    const Recipe r =
        recipe(std::string(R"({"rain": {"rain_mm_h": [20, 80]}, "seed": )") + seed + "}");
    for (std::uint32_t clip = 0; clip < 50; ++clip) {
      seen.insert(r.rain_of(clip, {}).number("rain_mm_h"));
    }
  }
  EXPECT_EQ(seen.size(), 150U);
}

TEST(Recipe, VariantsAreSweepTimesTwins) {
  const Recipe r = recipe(R"({"look": "vrds", "twins": ["no-drops", "still-drops"],
      "sweep": {"rain_mm_h": [0, 25.5], "drops": [3, 4]}})");
  ASSERT_EQ(r.variants.size(), 6U);
  EXPECT_EQ(r.variants[0].name, "rain_mm_h-0");
  EXPECT_EQ(r.variants[5].name, "rain_mm_h-25.5_still-drops");
  EXPECT_EQ(r.rain_of(0, r.variants[4]).integer("drops"), 4);
  EXPECT_FALSE(r.rain_of(0, r.variants[4]).flag("drops_on"));
  EXPECT_TRUE(r.rain_of(0, r.variants[5]).flag("drops_on"));
  EXPECT_EQ(r.rain_of(0, r.variants[5]).number("rain_mm_h"), 25.5);
}

void expect_refused(const std::string& text, const std::string& part) {
  try {
    recipe(text);
    ADD_FAILURE() << "taken: " << text;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Recipe, WhatCannotBeIsRefusedByName) {
  expect_refused(R"({"rian": {}})", "rain");
  expect_refused(R"({"rain": {"rain_mmh": 3}})", "rain_mm_h");
  expect_refused(R"({"rain": {"rain_mm_h": [5, 900]}})", "0 to 200");
  expect_refused(R"({"rain": {"rain_mm_h": {"normal": [190, 10]}}})", "0 to 200");
  expect_refused(R"({"rain": {"rain_mm_h": {"log_uniform": [0, 10]}}})", "above 0");
  expect_refused(R"({"rain": {"drops": {"choice": [1, 9000]}}})", "0 to 5000");
  expect_refused(R"({"rain": {"drops": {"chioce": [1]}}})", "choice");
  expect_refused(R"({"rain": {"drops": [1, 2, 3]}})", "two numbers");
  expect_refused(R"({"twins": ["no-steaks"]})", "no-streaks");
  expect_refused(R"({"sweep": {"rain_mm_h": [1, 2], "drops": [1]}})", "1 values");
  expect_refused(R"({"sweep": {"rain_mm_h": [1, 201]}})", "0 to 200");
  expect_refused(R"({"camera": {"fov": 60}})", "fov_deg");
  expect_refused(R"({"layers": ["gt"]})", "depth or flow");
  expect_refused(R"({"seed": -1})", "seed");
  expect_refused(R"({"size": "12"})", "WIDTHxHEIGHT");
  expect_refused(R"({"frames": 2.5})", "whole number");
  expect_refused(R"({"rain": {"formation": {"choice": ["vrds", "physical"]}}})", "one formation");
  expect_refused(R"({"sweep": {"formation": ["vrds", "physical"]}})", "one; render two sets");
  expect_refused(R"({"sweep": {"rain_mm_h": [5, 7, 5]}})", "rain_mm_h-5 twice");
  expect_refused(R"({"twins": ["no-drops", "no-drops"]})", "no-drops twice");
}

TEST(Recipe, OverridesOfWhatIsNoObjectAreRefused) {
  for (const char* pair : {"drops=3", "rain.drops=3", "camera.fov_deg=40"}) {
    Json json = Json::parse(R"({"rain": "heavy", "camera": 3})");
    EXPECT_THROW(Recipe::apply_override(json, pair), Error) << pair;
  }
}

TEST(Recipe, FormationIsTheRainsNotTheLooks) {
  EXPECT_EQ(recipe(R"({"look": "vrds"})").formation(), "vrds");
  EXPECT_EQ(recipe(R"({"look": "vrds", "rain": {"formation": "physical"}})").formation(),
            "physical");
}

TEST(Recipe, TestClipsAreSpreadAndHaveTheirShare) {
  const Recipe r = recipe(R"({"clips": 102, "test_share": 0.2942})");
  int tests = 0;
  int longest = 0;
  int run = 0;
  for (int clip = 0; clip < 102; ++clip) {
    run = r.is_test(clip) ? 0 : run + 1;
    tests += r.is_test(clip) ? 1 : 0;
    longest = std::max(longest, run);
  }
  EXPECT_EQ(tests, 30);
  EXPECT_LE(longest, 3);
}

TEST(RainParams, TheGlassGoesWithTheCameraUnlessItIsGivenASpeed) {
  Params params(rain_param_table());
  EXPECT_EQ(RainParams::of(params, 13.5).glass.law.speed_m_s, 13.5);
  EXPECT_EQ(RainParams::of(params).glass.law.speed_m_s, 0);
  for (const char* speed : {"0", "7"}) {
    params.set("glass_speed_m_s", speed);
    EXPECT_EQ(RainParams::of(params, 13.5).glass.law.speed_m_s, std::stod(speed));
  }
}

}  // namespace
}  // namespace pluvia::synth
