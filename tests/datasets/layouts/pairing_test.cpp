// SPDX-License-Identifier: Apache-2.0
#include "datasets/pairing.h"

#include <gtest/gtest.h>

#include "datasets/layouts/scan.h"

namespace pluvia {
namespace {

using Stems = std::vector<std::string>;

const NameRule& rule(const std::string& name) {
  for (const NameRule& entry : name_rules()) {
    if (name == entry.name) return entry;
  }
  throw std::runtime_error("no rule " + name);
}

TEST(Pairing, KeysIgnoreCaseAndLeadingZeros) {
  EXPECT_EQ(pairing_key("Frame_007"), "frame_7");
  EXPECT_EQ(pairing_key("000"), "0");
  EXPECT_EQ(pairing_key("a00b010"), "a0b10");
  EXPECT_NE(pairing_key("norain-1x2"), pairing_key("norain-12"));
}

TEST(Pairing, Rain100) {
  EXPECT_EQ(lq_keys(rule("rain100-old"), {"rain-001", "rain-12", "norain-1", "rain-", "rain-1x2"}),
            (Keys{"1", "12", std::nullopt, std::nullopt, std::nullopt}));
  EXPECT_EQ(gt_keys(rule("rain100-old"), {"norain-1", "rain-1"}), (Keys{"1", std::nullopt}));
  EXPECT_EQ(lq_keys(rule("rain100-new"), {"norain-100x2", "norain-100"}),
            (Keys{"100", std::nullopt}));
}

TEST(Pairing, FourteenToOne) {
  EXPECT_EQ(lq_keys(rule("rain1400"), {"901_14", "901_", "901", "_1", "901_1_2"}),
            (Keys{"901", std::nullopt, std::nullopt, std::nullopt, std::nullopt}));
}

TEST(Pairing, VaryingNumber) {
  EXPECT_EQ(number_keys({"v2_in_001", "v2_in_010"}), (Keys{"1", "10"}));
  EXPECT_EQ(number_keys({"a1", "b2"}), (Keys{std::nullopt, std::nullopt}));
  EXPECT_EQ(number_keys({"1_1", "2_2"}), (Keys{std::nullopt, std::nullopt}));
  EXPECT_EQ(number_keys({"only7"}), (Keys{"7"}));
  EXPECT_EQ(number_keys({"x2_7"}), (Keys{std::nullopt}));
}

TEST(Pairing, RecognisesTheRule) {
  const auto name = [](const Stems& lq, const Stems& gt) {
    const NameRule* found = best_rule(lq, gt);
    return found == nullptr ? std::string("none") : std::string(found->name);
  };
  EXPECT_EQ(name({"1", "2"}, {"1", "2"}), "same-stem");
  EXPECT_EQ(name({"001", "002"}, {"1", "2"}), "same-stem");
  EXPECT_EQ(name({"rain-1", "rain-2"}, {"norain-1", "norain-2"}), "rain100-old");
  EXPECT_EQ(name({"norain-1x2", "norain-2x2"}, {"norain-1", "norain-2"}), "rain100-new");
  EXPECT_EQ(name({"1_1", "1_2", "2_1"}, {"1", "2"}), "rain1400");
  EXPECT_EQ(name({"0_rain", "1_rain"}, {"0_clean", "1_clean"}), "number");
  EXPECT_EQ(name({"a", "b"}, {"c", "d"}), "none");
}

TEST(Scan, SplitsInNames) {
  EXPECT_EQ(split_of_name("rain_data_train_Light"), "train");
  EXPECT_EQ(split_of_name("RainTrainH"), "train");
  EXPECT_EQ(split_of_name("DID-MDN-test"), "test");
  EXPECT_EQ(split_of_name("train2018new"), "train");
  EXPECT_EQ(split_of_name("Validation"), "val");
  EXPECT_EQ(split_of_name("constraints"), "");
  EXPECT_EQ(split_of_name("testlq"), "");
}

}  // namespace
}  // namespace pluvia
