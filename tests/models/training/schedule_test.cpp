// SPDX-License-Identifier: Apache-2.0
// Schedules as data: every one that ships, learning rates against closed formulas, what is refused.
#include "models/training/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/error.h"
#include "core/json.h"
#include "core/manifest.h"

namespace pluvia {
namespace {

Schedule parse(const std::string& text) { return parse_schedule(parse_json(text, "test"), "test"); }

std::string message_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

constexpr const char* kLoss = R"("losses": [{"kind": "l1"}])";

TEST(Schedule, EveryOneThatShipsIsRead) {
  const std::vector<std::string> names = manifest_names("schedules");
  EXPECT_GE(names.size(), 7U);
  for (const std::string& name : names) {
    const Schedule schedule = load_schedule(name, {});
    EXPECT_EQ(schedule.name, name);
    EXPECT_TRUE(schedule.needs().has(Layer::kGt));
    // Written out and read again, it is the same.
    EXPECT_EQ(parse_schedule(schedule.definition(), name).sha256(), schedule.sha256());
  }
}

// mmcv's poly rule with linear warm-up, by the formula of the paper's training code.
TEST(Schedule, RainMambaRates) {
  const Schedule schedule = load_schedule("rainmamba-vrds", {});
  for (const double k : {0.0, 1.0, 999.0, 1999.0, 2000.0, 150000.0, 299999.0}) {
    const double regular = (4e-4 - 1e-9) * (1 - k / 300000) + 1e-9;
    const double rate = k < 2000 ? regular * (1 - (1 - k / 2000) * (1 - 1e-6)) : regular;
    EXPECT_NEAR(schedule.rate_at(static_cast<std::int64_t>(k)), rate, 1e-15) << k;
  }
}

TEST(Schedule, ViMPNetRates) {
  const Schedule schedule = load_schedule("vimpnet-vrds", {});
  for (const double k : {0.0, 1.0, 250000.0, 499999.0}) {
    for (const double factor : {1.0, 0.25}) {
      const double base = 1e-4 * factor;
      const double rate =
          1e-9 + 0.5 * (base - 1e-9) * (std::cos(std::numbers::pi * k / 500000) + 1);
      EXPECT_NEAR(schedule.rate_at(static_cast<std::int64_t>(k), factor), rate, 1e-18);
    }
  }
  ASSERT_EQ(schedule.groups.size(), 1U);
  EXPECT_EQ(schedule.groups[0].frozen_iterations, 5000);
  EXPECT_EQ(schedule.needs(),
            (LayerSet{Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop}));
}

TEST(Schedule, RatesOfSteps) {
  const Schedule schedule = load_schedule("rdmc-rain100", {});
  const std::int64_t epoch = (18810 + 7) / 8;
  EXPECT_EQ(schedule.run.integer("iterations"), 150 * epoch);
  EXPECT_DOUBLE_EQ(schedule.rate_at(30 * epoch - 1), 1e-3);
  EXPECT_DOUBLE_EQ(schedule.rate_at(30 * epoch), 2e-4);
  EXPECT_NEAR(schedule.rate_at(80 * epoch), 8e-6, 1e-12);
}

TEST(Schedule, OverridesReachEveryLevel) {
  const Schedule schedule = load_schedule(
      "fixed-budget", {"iterations=12", "optimizer.learning_rate=0.5",
                       "learning_rate.kind=constant", "learning_rate.warmup_iterations=0"});
  EXPECT_EQ(schedule.run.integer("iterations"), 12);
  EXPECT_DOUBLE_EQ(schedule.rate_at(3), 0.5);
}

// The papers' losses are those of one GPU's crops, averaged over four GPUs: ratios of means
// (contrast, hole) are not the ratios over all crops.
TEST(Schedule, PartsAreThePapersGpus) {
  for (const auto& [name, crops] :
       std::vector<std::pair<std::string, int>>{{"rainmamba-vrds", 2},
                                                {"rainmamba-lwdds", 1},
                                                {"rainmamba-rainvidss", 1},
                                                {"rainmamba-rainsynall100", 1},
                                                {"vimpnet-vrds", 1}}) {
    const Schedule schedule = load_schedule(name, {});
    EXPECT_EQ(schedule.run.integer("accumulate"), 4) << name;
    EXPECT_EQ(schedule.run.integer("batch") / 4, crops) << name;
    EXPECT_FALSE(schedule.pretrained.empty()) << name;
    for (const LossTerm& term : schedule.losses) {
      if (term.kind != "contrast-patches") continue;
      EXPECT_EQ(term.params.integer("triplets"), 10 / crops) << name;
    }
  }
  // A batch that the parts do not divide takes fewer.
  EXPECT_EQ(load_schedule("rainmamba-vrds", {"batch=6"}).run.integer("accumulate"), 2);
  EXPECT_EQ(load_schedule("rainmamba-vrds", {"batch=1"}).run.integer("accumulate"), 1);
  EXPECT_THROW(load_schedule("rainmamba-vrds", {"batch=6", "accumulate=4"}), Error);
}

TEST(Schedule, OptionsOfANetworkAreOfThatNetwork) {
  const Schedule schedule = load_schedule("rainmamba-rainsynall100", {});
  EXPECT_EQ(schedule.network.at("rainmamba"), R"({"num_features":64})");
  EXPECT_EQ(schedule.network.count("rainmamba-tiny"), 0U);
}

TEST(Schedule, OverridesReachLosses) {
  const Schedule schedule = load_schedule(
      "rainmamba-vrds", {"losses.vgg-perceptual.weights=vgg16.pth", "losses.charbonnier.weight=2"});
  EXPECT_DOUBLE_EQ(schedule.losses[0].weight, 2);
  EXPECT_EQ(schedule.losses[1].params.text("weights"), "vgg16.pth");
  EXPECT_THROW(load_schedule("rainmamba-vrds", {"losses.hole.weight=2"}), Error);
  EXPECT_THROW(load_schedule("rainmamba-vrds", {"losses.charbonnier.wieght=2"}), Error);
  EXPECT_THROW(load_schedule("rainmamba-vrds", {"losses=2"}), Error);
}

TEST(Schedule, RefusesWhatItDoesNotKnow) {
  EXPECT_NE(message_of(R"({"iteration": 5, "losses": []})").find("iterations"), std::string::npos);
  EXPECT_NE(message_of(R"({"losses": []})").find("at least one"), std::string::npos);
  EXPECT_NE(message_of(R"({"losses": [{"kind": "charbonier"}]})").find("charbonnier"),
            std::string::npos);
  EXPECT_NE(message_of(R"({"losses": [{"kind": "l1", "target": "gd"}]})").find("'gt'"),
            std::string::npos);
  EXPECT_NE(message_of(R"({"losses": [{"kind": "l1", "epsilon": 1}]})").find("epsilon"),
            std::string::npos);
  EXPECT_NE(message_of(std::string("{\"augment\": [\"flipx\"], ") + kLoss + "}").find("flip-x"),
            std::string::npos);
  EXPECT_NE(message_of(std::string("{\"batch\": 0, ") + kLoss + "}").find("batch=0"),
            std::string::npos);
  EXPECT_NE(
      message_of(std::string("{\"batch\": 3, \"accumulate\": 2, ") + kLoss + "}").find("divisor"),
      std::string::npos);
  EXPECT_NE(message_of(std::string("{\"optimizer\": {\"lr\": 1}, ") + kLoss + "}").find("lr"),
            std::string::npos);
  for (const std::string group : {R"("rate_factor": -1)", R"("frozen_iterations": -1)"}) {
    const std::string text = "{\"groups\": [{\"contains\": \"x\", " + group + "}], " + kLoss + "}";
    EXPECT_NE(message_of(text).find("0 or more"), std::string::npos) << group;
  }
  EXPECT_NE(message_of(std::string("{\"title\": 5, ") + kLoss + "}").find("wrong type"),
            std::string::npos);
}

}  // namespace
}  // namespace pluvia
