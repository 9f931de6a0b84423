// SPDX-License-Identifier: Apache-2.0
// Sets of single pictures as they are published: naming rules, halves, lists, shared ground truth.
#include <gtest/gtest.h>

#include "core/error.h"
#include "datasets/media/stills.h"
#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::import_folder;
using testing::make_picture;
using testing::make_text;
using testing::MemoryClip;
using testing::MemorySet;
using testing::TempDir;

ImportPlan plan_of(const fs::path& dir, const ImportOptions& options = {}) {
  return plan_import(find_layout("paired-images"), dir, options);
}

bool says(const ImportPlan& plan, const std::string& text) {
  for (const std::string& line : plan.recognised) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

int row_of(const MemoryClip& clip, const std::string& name) {
  for (std::size_t t = 0; t < clip.rows.size(); ++t) {
    if (clip.rows[t].name == name) return static_cast<int>(t);
  }
  ADD_FAILURE() << "no picture " << name;
  return 0;
}

TEST(Images, Rain100OldFlatTrainWithGapsAndTestWithZeros) {
  const TempDir dir;
  for (const int i : {1, 2, 10}) {
    make_picture(dir / ("RainTrainL/rain-" + std::to_string(i) + ".png"), i);
    make_picture(dir / ("RainTrainL/norain-" + std::to_string(i) + ".png"), 100 + i);
  }
  make_picture(dir / "RainTestL/rain-001.png", 7);
  make_picture(dir / "RainTestL/norain-001.png", 8);
  const ImportPlan plan = plan_of(dir.path());
  require_sound(plan, dir.path());
  EXPECT_TRUE(says(plan, "rain100-old"));
  const MemorySet set = testing::import_to_memory(plan);
  ASSERT_EQ(set.size(), 2U);
  const MemoryClip& train = *set.at("train_8x6");
  EXPECT_EQ(train.clip_info.fps, 0);
  EXPECT_EQ(train.rows[2].name, "rain-10");
  EXPECT_EQ(train.first_value(Layer::kGt, 2), 110);
  EXPECT_EQ(set.at("test_8x6")->first_value(Layer::kGt, 0), 8);
}

TEST(Images, Rain100OldWithItsRainyPicturesInAFolder) {
  const TempDir dir;
  for (const int i : {1, 2}) {
    make_picture(dir / ("rainy/rain-00" + std::to_string(i) + ".png"), i);
    make_picture(dir / ("norain-00" + std::to_string(i) + ".png"), 100 + i);
  }
  const ImportPlan plan = plan_of(dir.path());
  require_sound(plan, dir.path());
  EXPECT_TRUE(says(plan, "rain100-old"));
  EXPECT_EQ(testing::import_to_memory(plan).at("8x6")->first_value(Layer::kGt, 1), 102);
}

TEST(Images, Rain100NewInItsTwoForms) {
  for (const std::string clean : {"norain/", ""}) {
    const TempDir dir;
    for (const int i : {1, 12, 2}) {
      make_picture(dir / ("rain/X2/norain-" + std::to_string(i) + "x2.png"), i);
      make_picture(dir / (clean + "norain-" + std::to_string(i) + ".png"), 100 + i);
    }
    const ImportPlan plan = plan_of(dir.path());
    require_sound(plan, dir.path());
    EXPECT_TRUE(says(plan, "rain100-new")) << clean;
    const MemorySet set = testing::import_to_memory(plan);
    const MemoryClip& clip = *set.at("8x6");
    for (const int i : {1, 12, 2}) {
      const int row = row_of(clip, "norain-" + std::to_string(i) + "x2");
      EXPECT_EQ(clip.first_value(Layer::kLq, row), i);
      EXPECT_EQ(clip.first_value(Layer::kGt, row), 100 + i);
    }
  }
}

TEST(Images, Rain200SplitsAndTwoSizesAreTwoStacks) {
  const TempDir dir;
  for (const std::string split : {"train", "test"}) {
    for (int i = 1; i <= 4; ++i) {
      const testing::PictureSize size =
          i % 2 == 0 ? testing::PictureSize{8, 6} : testing::PictureSize{6, 8};
      make_picture(dir / (split + "/input/" + std::to_string(i) + ".png"), i, size);
      make_picture(dir / (split + "/target/" + std::to_string(i) + ".png"), 50 + i, size);
    }
  }
  const MemorySet set = import_folder("paired-images", dir.path());
  ASSERT_EQ(set.size(), 4U);
  const MemoryClip& clip = *set.at("test_6x8");
  EXPECT_EQ(clip.clip_info.split, "test");
  EXPECT_EQ(clip.rows[1].name, "4");
  EXPECT_EQ(clip.first_value(Layer::kGt, 1), 54);
}

TEST(Images, FourteenInputsShareOneGroundTruth) {
  const TempDir dir;
  for (const int clean : {901, 902}) {
    make_picture(dir / ("ground_truth/" + std::to_string(clean) + ".jpg"), clean - 800);
    for (int i = 1; i <= 14; ++i) {
      make_picture(
          dir / ("rainy_image/" + std::to_string(clean) + "_" + std::to_string(i) + ".jpg"), i);
    }
  }
  const ImportPlan plan = plan_of(dir.path());
  require_sound(plan, dir.path());
  EXPECT_TRUE(says(plan, "rain1400"));
  ASSERT_EQ(plan.clips.size(), 1U);
  EXPECT_EQ(plan.clips[0].frames, 28);
  EXPECT_EQ(plan.clips[0].layers.at(Layer::kGt).files.size(), 2U);
  EXPECT_EQ(plan.raw_bytes(), (28U + 2U) * 6 * 8 * 3);
  const MemorySet set = testing::import_to_memory(plan);
  const MemoryClip& clip = *set.at("8x6");
  EXPECT_EQ(clip.frames.at(Layer::kGt).size(), 2U);
  EXPECT_EQ(clip.rows[13].name, "901_14");
  EXPECT_EQ(clip.shared, ([] {
              std::vector<int> index(28, 0);
              std::fill(index.begin() + 14, index.end(), 1);
              return index;
            }()));
}

TEST(Images, MissingOneInTheMiddleShiftsNothing) {
  const TempDir dir;
  for (int i = 1; i <= 12; ++i) {
    make_picture(dir / ("input/" + std::to_string(i) + (i % 2 == 0 ? ".jpg" : ".png")), 10 * i);
    if (i != 5) make_picture(dir / ("target/" + std::to_string(i) + ".PNG"), 10 * i);
  }
  const ImportPlan bad = plan_of(dir.path());
  ASSERT_EQ(bad.problems.size(), 1U);
  EXPECT_EQ(bad.problems[0].kind, ProblemKind::kMissing);
  EXPECT_EQ(bad.problems[0].item, "input/5.png");
  ImportOptions options;
  options.allow_missing = true;
  const ImportPlan plan = plan_of(dir.path(), options);
  require_sound(plan, dir.path());
  EXPECT_EQ(plan.warnings.size(), 1U);
  const MemorySet set = testing::import_to_memory(plan);
  const MemoryClip& clip = *set.at("8x6");
  ASSERT_EQ(clip.clip_info.frames, 11);
  for (int t = 0; t < 11; ++t) {
    // JPEG at quality 100 keeps a flat grey within one code value.
    EXPECT_NEAR(clip.first_value(Layer::kLq, t), clip.first_value(Layer::kGt, t), 1)
        << clip.rows[static_cast<std::size_t>(t)].name;
  }
}

// Left half 10, right half 20.
void make_double(const fs::path& path) {
  fs::create_directories(path.parent_path());
  Image<std::uint8_t> image(6, 12, 3);
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 36; ++x)
      image.view().row(y)[static_cast<std::size_t>(x)] = x < 18 ? 10 : 20;
  }
  write_png(path, image.view());
}

TEST(Images, SideBySideHalves) {
  const TempDir dir;
  for (const std::string density : {"Rain_Heavy", "Rain_Light"}) {
    make_double(dir / ("DID-MDN-training/" + density + "/train2018new/1.png"));
    make_double(dir / ("DID-MDN-training/" + density + "/train2018new/2.png"));
  }
  for (const bool clean_is_left : {false, true}) {
    ImportOptions options;
    options.clean_is_left = clean_is_left;
    const ImportPlan plan = plan_of(dir.path(), options);
    require_sound(plan, dir.path());
    EXPECT_TRUE(says(plan, clean_is_left ? "the right one rainy" : "the left one rainy"));
    const MemorySet set = testing::import_to_memory(plan);
    ASSERT_EQ(set.size(), 2U);
    for (const auto& [id, clip] : set) {
      EXPECT_EQ(clip->clip_info.split, "train");
      EXPECT_EQ(clip->clip_info.width, 6);
      EXPECT_EQ(clip->clip_info.frames, 2);
      EXPECT_EQ(clip->first_value(Layer::kLq, 1), clean_is_left ? 20 : 10);
      EXPECT_EQ(clip->first_value(Layer::kGt, 1), clean_is_left ? 10 : 20);
    }
  }
}

TEST(Images, PicturesWithoutPartnersAreNotTakenForHalves) {
  const TempDir dir;
  make_picture(dir / "1.png", 1);
  make_picture(dir / "2.png", 2);
  EXPECT_NE(error_of([&] { plan_of(dir.path()); }).find("--rule did"), std::string::npos);
  make_picture(dir / "3.png", 2, {6, 7});
  ImportOptions options;
  options.rule = "did";
  const ImportPlan plan = plan_of(dir.path(), options);
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0].kind, ProblemKind::kSize);
}

TEST(Images, ListsOfPairs) {
  const TempDir dir;
  const fs::path spa = dir / "spa";
  make_picture(spa / "real_world/000/000-1_3_4.png", 1);
  make_picture(spa / "real_world/000/000-2_3_4.png", 2);
  make_picture(spa / "real_world_gt/000/000_3_4.png", 3);
  make_text(spa / "real_world.txt",
            "/real_world/000/000-1_3_4.png /real_world_gt/000/000_3_4.png\r\n"
            "real_world/000/000-2_3_4.png real_world_gt/000/000_3_4.png\n\n");
  const ImportPlan plan = plan_of(spa);
  require_sound(plan, spa);
  EXPECT_TRUE(says(plan, "rule spa"));
  const MemorySet set = testing::import_to_memory(plan);
  const MemoryClip& clip = *set.at("8x6");
  EXPECT_EQ(clip.clip_info.frames, 2);
  EXPECT_EQ(clip.frames.at(Layer::kGt).size(), 1U);
  EXPECT_EQ(clip.first_value(Layer::kLq, 1), 2);
  EXPECT_EQ(clip.first_value(Layer::kGt, 1), 3);
}

// SPA-Data: the test pictures' folders alone look like a set of their own.
TEST(Images, AListSaysMoreThanFolders) {
  const TempDir dir;
  make_picture(dir / "real_world/000/000-1_0.png", 1);
  make_picture(dir / "real_world_gt/000/000-1.png", 2);
  make_picture(dir / "real_test_1000/rain/000.png", 3);
  make_picture(dir / "real_test_1000/gt/000gt.png", 4);
  make_text(dir / "real_world.txt", "/real_world/000/000-1_0.png /real_world_gt/000/000-1.png\r\n");
  make_text(dir / "real_test_1000.txt",
            "/real_test_1000/rain/000.png /real_test_1000/gt/000gt.png\n");
  const MemorySet set = import_folder("paired-images", dir.path());
  EXPECT_EQ(set.at("train_8x6")->first_value(Layer::kGt, 0), 2);
  EXPECT_EQ(set.at("test_8x6")->first_value(Layer::kLq, 0), 3);
}

TEST(Images, APictureListedTwiceIsADuplicate) {
  const TempDir dir;
  make_picture(dir / "rain/a/1.png", 1);
  make_picture(dir / "clean/1.png", 2);
  make_text(dir / "list.txt", "rain/a/1.png clean/1.png\nrain/a/1.png clean/1.png\n");
  const ImportPlan plan = plan_of(dir.path());
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0].kind, ProblemKind::kDuplicate);
  EXPECT_NE(plan.problems[0].item.find("line 2"), std::string::npos);
}

TEST(Images, SeveralSetsForTestingStayApart) {
  const TempDir dir;
  for (const std::string place : {"train", "test/Rain100L", "test/Test100"}) {
    make_picture(dir / (place + "/input/1.png"), static_cast<int>(place.size()));
    make_picture(dir / (place + "/target/1.png"), 100);
  }
  const MemorySet set = import_folder("paired-images", dir.path());
  ASSERT_EQ(set.size(), 3U);
  EXPECT_EQ(set.at("test_Rain100L_8x6")->clip_info.split, "test");
  EXPECT_EQ(set.at("test_Rain100L_8x6")->first_value(Layer::kLq, 0), 13);
  EXPECT_EQ(set.at("test_Test100_8x6")->first_value(Layer::kLq, 0), 12);
}

TEST(Images, Rain12PairsByNumber) {
  const TempDir dir;
  for (const std::string number : {"001", "012", "002"}) {
    make_picture(dir / ("input/" + number + "_in.png"), std::stoi(number));
    make_picture(dir / ("groundtruth/" + number + "_GT.png"), 100 + std::stoi(number));
  }
  const MemorySet set = import_folder("paired-images", dir.path());
  EXPECT_EQ(set.at("8x6")->first_value(Layer::kGt, 2), 112);
}

// The first release of Rain100L/H has pictures of the streaks beside the pairs.
TEST(Images, StrangersInAFlatFolderAreExtra) {
  const TempDir dir;
  for (const char* kind : {"rain-1", "norain-1", "rainstreak-1"}) {
    make_picture(dir / (std::string(kind) + ".png"), 1);
  }
  ImportOptions options;
  EXPECT_EQ(plan_of(dir.path()).problems.at(0).kind, ProblemKind::kExtra);
  options.allow_missing = true;
  const ImportPlan plan = plan_of(dir.path(), options);
  EXPECT_TRUE(plan.problems.empty());
  EXPECT_EQ(plan.clips.at(0).frames, 1);
}

TEST(Images, ListsMayNotLeaveTheFolder) {
  const TempDir dir;
  const fs::path spa = dir / "spa";
  make_picture(dir / "outside.png", 9);
  make_picture(spa / "a.png", 1);
  make_picture(spa / "b.png", 2);
  fs::create_symlink("../outside.png", spa / "link.png");
  make_text(
      spa / "real_test_1000.txt",
      "a.png b.png\nlink.png b.png\n../outside.png b.png\na.png gone.png\na.png\na.png b.png\n");
  const ImportPlan plan = plan_of(spa);
  ASSERT_EQ(plan.problems.size(), 5U);
  EXPECT_NE(plan.problems[0].text.find("leads out"), std::string::npos);
  EXPECT_EQ(plan.problems[0].item, "real_test_1000.txt line 2");
  EXPECT_NE(plan.problems[1].text.find("leads out"), std::string::npos);
  EXPECT_EQ(plan.problems[2].kind, ProblemKind::kMissing);
  EXPECT_NE(plan.problems[3].text.find("two paths"), std::string::npos);
  EXPECT_EQ(plan.problems[4].kind, ProblemKind::kDuplicate);
  ASSERT_EQ(plan.clips.size(), 1U);
  EXPECT_EQ(plan.clips[0].split, "test");
}

TEST(Images, RulesCanBeForcedAndMistypedOnesAreNamed) {
  const TempDir dir;
  make_picture(dir / "input/a1_2.png", 1);
  make_picture(dir / "target/a1_2.png", 2);
  ImportOptions options;
  options.rule = "rain1400";
  EXPECT_FALSE(plan_of(dir.path(), options).problems.empty());
  options.rule = "same-stem";
  EXPECT_TRUE(plan_of(dir.path(), options).problems.empty());
  options.rule = "rain100-od";
  EXPECT_NE(error_of([&] { plan_of(dir.path(), options); }).find("'rain100-old'"),
            std::string::npos);
}

TEST(Images, DoubleDensityFoldersStayApart) {
  const TempDir dir;
  for (const std::string density : {"Light", "Heavy"}) {
    const std::string base = "rain_data_train_" + density + "/";
    make_picture(dir / (base + "rain/X2/norain-1x2.png"), 1);
    make_picture(dir / (base + "norain-1.png"), 2);
  }
  const MemorySet set = import_folder("paired-images", dir.path());
  ASSERT_EQ(set.size(), 2U);
  EXPECT_EQ(set.count("train_rain_data_train_Light_8x6"), 1U);
}

}  // namespace
}  // namespace pluvia
