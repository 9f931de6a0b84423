// SPDX-License-Identifier: Apache-2.0
#include "core/params.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace pluvia {
namespace {

constexpr Param kTable[] = {
    {"rain_rate", ParamKind::kNumber, "mm/h", "rain rate", "25", 0, 200},
    {"drops", ParamKind::kInteger, "", "drops on the glass", "40", 0, 500},
    {"veil", ParamKind::kFlag, "", "mist of far rain", "true"},
    {"camera", ParamKind::kChoice, "", "how it moves", "fixed", 0, 0, "fixed|pan|drive"},
    {"note", ParamKind::kText, "", "free text", ""},
};

std::string message_of(const std::string& pair) {
  Params params(kTable);
  try {
    params.set_pair(pair);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(Params, DefaultsAndChanges) {
  Params params(kTable);
  EXPECT_EQ(params.number("rain_rate"), 25);
  EXPECT_EQ(params.integer("drops"), 40);
  EXPECT_TRUE(params.flag("veil"));
  EXPECT_EQ(params.text("camera"), "fixed");
  params.set_pair("rain_rate=12.50");
  params.set_pair("veil=off");
  params.set_pair("note=a=b");
  EXPECT_EQ(params.number("rain_rate"), 12.5);
  EXPECT_FALSE(params.flag("veil"));
  EXPECT_EQ(params.text("note"), "a=b");
  EXPECT_EQ(params.to_json().dump(),
            R"({"rain_rate":12.5,"drops":40,"veil":false,"camera":"fixed","note":"a=b"})");
}

TEST(Params, RecordReadsBack) {
  Params params(kTable);
  params.set_all(Json::parse(R"({"drops": 7, "camera": "pan", "veil": false, "rain_rate": 0.1})"),
                 "recipe.json");
  Params again(kTable);
  again.set_all(params.to_json(), "record");
  EXPECT_EQ(params.to_json(), again.to_json());
  EXPECT_EQ(again.number("rain_rate"), 0.1);
  EXPECT_EQ(again.integer("drops"), 7);
}

TEST(Params, ErrorsSayWhatWasExpected) {
  EXPECT_EQ(message_of("rain_rate=300"), "rain_rate=300: expected a number from 0 to 200 mm/h");
  EXPECT_EQ(message_of("rain_rate=nan"), "rain_rate=nan: expected a number from 0 to 200 mm/h");
  EXPECT_EQ(message_of("drops=1.5"), "drops=1.5: expected a whole number from 0 to 500");
  EXPECT_EQ(message_of("veil=maybe"), "veil=maybe: expected true or false");
  EXPECT_NE(message_of("camera=pin").find("one of fixed, pan, drive (did you mean 'pan'?)"),
            std::string::npos);
  EXPECT_NE(message_of("rain_rte=3").find("did you mean 'rain_rate'?"), std::string::npos);
  EXPECT_EQ(message_of("rain_rate"), "'rain_rate': expected key=value");
  EXPECT_NE(message_of("=3"), "");
  Params params(kTable);
  EXPECT_THROW(params.set_all(Json::parse(R"({"drops": [1]})"), "x"), Error);
  EXPECT_THROW(params.set_all(Json::parse("[1]"), "x"), Error);
}

TEST(Params, HelpHasALinePerRow) {
  const std::string help = help_of(kTable);
  EXPECT_EQ(std::count(help.begin(), help.end(), '\n'), 5);
  EXPECT_NE(help.find("rain_rate=25"), std::string::npos);
  EXPECT_NE(help.find("rain rate, 0 to 200 mm/h"), std::string::npos);
  EXPECT_NE(help.find("how it moves: fixed, pan, drive"), std::string::npos);
}

}  // namespace
}  // namespace pluvia
