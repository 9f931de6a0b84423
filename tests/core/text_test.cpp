// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace pluvia {
namespace {

TEST(Text, NumbersAreWholeAndLocaleFree) {
  EXPECT_EQ(parse_double("2.5"), 2.5);
  EXPECT_EQ(parse_double("1e-3"), 1e-3);
  EXPECT_FALSE(parse_double("2,5"));
  EXPECT_FALSE(parse_double("2.5x"));
  EXPECT_FALSE(parse_double(""));
  EXPECT_EQ(parse_int("-7"), -7);
  EXPECT_FALSE(parse_int("7.0"));
}

TEST(Text, Sizes) {
  const auto size = parse_size("1280x720");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->width, 1280);
  EXPECT_EQ(size->height, 720);
  for (const char* bad : {"1280", "x", "0x4", "-3x4", "4x4x4", "99999999x1", "a4x4"}) {
    EXPECT_FALSE(parse_size(bad)) << bad;
  }
}

TEST(Text, NaturalOrder) {
  std::vector<std::string> names = {"f10", "f2", "f1", "g", "f01", "f1a", "f"};
  std::sort(names.begin(), names.end(), natural_less);
  EXPECT_EQ(names, (std::vector<std::string>{"f", "f01", "f1", "f1a", "f2", "f10", "g"}));
}

TEST(Text, NearestWord) {
  const std::vector<std::string> words = {"import", "export", "info", "verify"};
  EXPECT_EQ(nearest("improt", words), "import");
  EXPECT_EQ(nearest("verfiy", words), "verify");
  EXPECT_EQ(nearest("zzzzzz", words), "");
}

TEST(Text, HumanForms) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KB");
  EXPECT_EQ(human_bytes(2.5e9), "2.5 GB");
  EXPECT_EQ(human_seconds(75), "1 min 15 s");
  EXPECT_EQ(to_text(0.1), "0.1");
  EXPECT_EQ(list_some({"a", "b", "c"}, 2), "a, b and 1 more");
}

TEST(Text, Utf8) {
  EXPECT_TRUE(is_valid_utf8("caf\xC3\xA9"));
  EXPECT_FALSE(is_valid_utf8("\xC3"));
  EXPECT_FALSE(is_valid_utf8("\xC0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));
}

}  // namespace
}  // namespace pluvia
