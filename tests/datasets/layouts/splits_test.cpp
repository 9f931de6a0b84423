// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::make_picture;
using testing::make_text;
using testing::TempDir;

class SplitsFile : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* clip : {"001", "002", "003"}) {
      make_picture(dir / (std::string("set/lq/") + clip + "/0.png"), 1);
      make_picture(dir / (std::string("set/gt/") + clip + "/0.png"), 2);
    }
  }
  ImportPlan plan(const std::string& text) {
    make_text(dir / "splits.json", text);
    ImportOptions options;
    options.splits_file = dir / "splits.json";
    return plan_import(find_layout("paired"), dir / "set", options);
  }
  std::string error(const std::string& text) {
    return error_of([&] { plan(text); });
  }
  const TempDir dir;
};

TEST_F(SplitsFile, AssignsAndWarnsOfTheRest) {
  const ImportPlan got = plan(R"({"train": ["001"], "test": ["003"]})");
  ASSERT_EQ(got.clips.size(), 3U);
  EXPECT_EQ(got.clips[0].split, "train");
  EXPECT_EQ(got.clips[1].split, "");
  EXPECT_EQ(got.clips[2].split, "test");
  EXPECT_EQ(got.clips[2].source, "003");
  ASSERT_EQ(got.warnings.size(), 1U);
  EXPECT_NE(got.warnings[0].find("1 item"), std::string::npos);
}

TEST_F(SplitsFile, RefusesWhatItCannotMean) {
  EXPECT_NE(error(R"({"train": ["0012"]})").find("did you mean '001'"), std::string::npos);
  EXPECT_NE(error(R"({"train": ["001"], "test": ["001"]})").find("named twice"), std::string::npos);
  EXPECT_NE(error(R"(["001"])").find("expected an object"), std::string::npos);
  EXPECT_NE(error(R"({"train": "001"})").find("expected a list"), std::string::npos);
  EXPECT_NE(error(R"({"train": [1]})").find("expected names"), std::string::npos);
  EXPECT_NE(error(R"({"../x": ["001"]})").find("split name"), std::string::npos);
  EXPECT_NE(error("{").find("not valid JSON"), std::string::npos);
}

TEST(SplitsOfImages, GoByPicture) {
  const TempDir dir;
  for (const char* name : {"1", "2", "3"}) {
    make_picture(dir / (std::string("set/input/") + name + ".png"), 1);
    make_picture(dir / (std::string("set/target/") + name + ".png"), 2);
  }
  make_text(dir / "splits.json", R"({"train": ["1", "3"], "test": ["2"]})");
  ImportOptions options;
  options.splits_file = dir / "splits.json";
  const ImportPlan plan = plan_import(find_layout("paired-images"), dir / "set", options);
  ASSERT_EQ(plan.clips.size(), 2U);
  EXPECT_EQ(plan.clips[0].id, "test_8x6");
  EXPECT_EQ(plan.clips[1].frame_names, (std::vector<std::string>{"1", "3"}));
}

}  // namespace
}  // namespace pluvia
