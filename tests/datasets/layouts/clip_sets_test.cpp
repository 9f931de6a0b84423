// SPDX-License-Identifier: Apache-2.0
// Clips in folders: the arrangements of VRDS and the free pairs of `paired`.
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::import_folder;
using testing::make_picture;
using testing::make_text;
using testing::MemorySet;
using testing::TempDir;

void make_frames(const fs::path& folder, int first_value, int frames, int channels = 3) {
  for (int t = 0; t < frames; ++t) {
    char name[16];
    std::snprintf(name, sizeof name, "%08d.png", t);
    make_picture(folder / name, first_value + t, {}, channels);
  }
}

ImportPlan plan_of(const char* layout, const fs::path& dir, const ImportOptions& options = {}) {
  return plan_import(find_layout(layout), dir, options);
}

TEST(Vrds, ViMPNetArrangement) {
  const TempDir dir;
  make_frames(dir / "lq/000", 10, 3);
  make_frames(dir / "gt/000", 20, 3);
  make_frames(dir / "drop/000", 30, 3);
  make_frames(dir / "01drop/000", 40, 3, 1);
  make_frames(dir / "mstreak/000", 50, 3, 1);
  make_frames(dir / "testlq/000", 60, 2);
  make_frames(dir / "testgt/000", 70, 2);
  const MemorySet set = import_folder("vrds", dir.path());
  ASSERT_EQ(set.size(), 2U);
  const auto& train = *set.at("train_000");
  EXPECT_TRUE(train.finished);
  EXPECT_EQ(train.clip_info.layers.names(), "lq,gt,streak,mask,drop");
  EXPECT_EQ(train.clip_info.split, "train");
  EXPECT_EQ(train.clip_info.source, "train/000");
  EXPECT_EQ(train.clip_info.notes.at("name"), "000");
  EXPECT_EQ(train.first_value(Layer::kLq, 2), 12);
  EXPECT_EQ(train.first_value(Layer::kGt, 0), 20);
  EXPECT_EQ(train.first_value(Layer::kDrop, 1), 31);
  EXPECT_EQ(train.first_value(Layer::kMask, 1), 41);
  EXPECT_EQ(train.first_value(Layer::kStreak, 2), 52);
  EXPECT_EQ(train.rows.at(2).name, "00000002");
  const auto& test = *set.at("test_000");
  EXPECT_EQ(test.clip_info.layers.names(), "lq,gt");
  EXPECT_EQ(test.clip_info.source, "test/000");
  EXPECT_EQ(test.first_value(Layer::kGt, 1), 71);
}

TEST(Vrds, TheOtherArrangements) {
  for (const std::string train : {"", "train/"}) {
    const TempDir dir;
    make_frames(dir / (train + "lq/001"), 1, 2);
    make_frames(dir / (train + "gt/001"), 2, 2);
    make_frames(dir / "test/lq/002", 3, 2);
    make_frames(dir / "test/gt/002", 4, 2);
    const MemorySet set = import_folder("vrds", dir.path());
    ASSERT_EQ(set.size(), 2U) << train;
    EXPECT_EQ(set.at("001")->clip_info.split, "train");
    EXPECT_EQ(set.at("002")->clip_info.split, "test");
    EXPECT_EQ(set.at("002")->first_value(Layer::kGt, 0), 4);
  }
}

TEST(Vrds, FoldersThatItDoesNotKnowAreSaid) {
  const TempDir dir;
  make_frames(dir / "train/lq/001", 1, 2);
  make_frames(dir / "train/gt/001", 2, 2);
  make_frames(dir / "train/rain/001", 3, 2);
  make_frames(dir / "other/001", 4, 2);
  const ImportPlan plan = plan_of("vrds", dir.path());
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_NE(plan.warnings[0].find("not used: other, train/rain"), std::string::npos)
      << plan.warnings[0];
}

TEST(Vrds, RefusesAnotherFolderByWhatIsThere) {
  const TempDir dir;
  make_frames(dir / "holiday/one", 1, 1);
  const std::string error = error_of([&] { plan_of("vrds", dir.path()); });
  EXPECT_NE(error.find("holiday"), std::string::npos) << error;
  EXPECT_NE(error.find("--lq"), std::string::npos) << error;
}

TEST(Paired, NaturalOrderCaseAndLitter) {
  const TempDir dir;
  for (const int t : {1, 2, 10}) {
    make_picture(dir / ("Rainy/a/frame" + std::to_string(t) + ".png"), t);
    make_picture(dir / ("Clean/a/FRAME" + std::to_string(t) + ".PNG"), 100 + t);
  }
  make_text(dir / "Rainy/a/Thumbs.db", "x");
  make_text(dir / "Rainy/a/._frame1.png", "x");
  make_text(dir / "Clean/a/.DS_Store", "x");
  make_picture(dir / ".hidden/a/1.png", 1);
  const ImportPlan plan = plan_of("paired", dir.path());
  require_sound(plan, dir.path());
  ASSERT_EQ(plan.clips.size(), 1U);
  EXPECT_EQ(plan.clips[0].frame_names, (std::vector<std::string>{"frame1", "frame2", "frame10"}));
  const auto set = testing::import_to_memory(plan);
  EXPECT_EQ(set.at("a")->first_value(Layer::kGt, 2), 110);
  EXPECT_EQ(set.at("a")->first_value(Layer::kLq, 2), 10);
  EXPECT_EQ(set.at("a")->clip_info.source, "a");
}

TEST(Paired, LeadingZerosPairAndBothExtensionsMix) {
  const TempDir dir;
  make_picture(dir / "lq/7/001.png", 1);
  make_picture(dir / "lq/7/002.png", 2);
  make_picture(dir / "gt/007/1.png", 11);
  make_picture(dir / "gt/007/2.bmp.png", 0);
  const ImportPlan bad = plan_of("paired", dir.path());
  EXPECT_EQ(bad.problems.size(), 2U);  // 2.bmp is not 2: one missing, one extra
  fs::rename(dir / "gt/007/2.bmp.png", dir / "gt/007/2.PNG");
  const MemorySet set = import_folder("paired", dir.path());
  EXPECT_EQ(set.at("7")->first_value(Layer::kGt, 0), 11);
}

TEST(Paired, FramesNamedDifferentlyPairByNumber) {
  const TempDir dir;
  for (const int t : {3, 4, 5}) {
    make_picture(dir / ("lq/a/rain-" + std::to_string(t) + ".png"), t);
    make_picture(dir / ("gt/a/norain-00" + std::to_string(t) + ".png"), 50 + t);
  }
  const ImportPlan plan = plan_of("paired", dir.path());
  require_sound(plan, dir.path());
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_NE(plan.warnings[0].find("by their number"), std::string::npos);
  EXPECT_EQ(testing::import_to_memory(plan).at("a")->first_value(Layer::kGt, 1), 54);
}

TEST(Paired, SplitFoldersAndOneNameInTwoOfThem) {
  const TempDir dir;
  for (const char* split : {"Training", "test", "val"}) {
    make_frames(dir / (std::string(split) + "/input/x"), 1, 1);
    make_frames(dir / (std::string(split) + "/target/x"), 2, 1);
  }
  const MemorySet set = import_folder("paired", dir.path());
  ASSERT_EQ(set.size(), 3U);
  EXPECT_EQ(set.at("train_x")->clip_info.source, "train/x");
  EXPECT_EQ(set.at("val_x")->clip_info.split, "val");
}

TEST(Paired, FreeFolderNames) {
  const TempDir dir;
  make_frames(dir / "train/wet/a", 1, 2);
  make_frames(dir / "train/dry/a", 2, 2);
  make_frames(dir / "train/lens/a", 3, 2, 1);
  make_frames(dir / "lq/b", 4, 2);
  make_frames(dir / "gt/b", 5, 2);
  ImportOptions options;
  options.folders = {{Layer::kLq, "wet"}, {Layer::kGt, "dry"}, {Layer::kMask, "lens"}};
  const MemorySet set = import_folder("paired", dir.path(), options);
  ASSERT_EQ(set.size(), 1U);
  EXPECT_EQ(set.at("a")->clip_info.layers.names(), "lq,gt,mask");
  EXPECT_EQ(set.at("a")->clip_info.split, "train");
  options.folders[Layer::kGt] = "./wet";
  EXPECT_NE(error_of([&] { plan_of("paired", dir.path(), options); }).find("one folder"),
            std::string::npos);
  options.folders[Layer::kGt] = "dri";
  EXPECT_NE(error_of([&] { plan_of("paired", dir.path(), options); }).find("--gt dri"),
            std::string::npos);
  options.folders.erase(Layer::kGt);
  EXPECT_NE(error_of([&] { plan_of("paired", dir.path(), options); }).find("--gt"),
            std::string::npos);
}

TEST(Paired, AFolderElsewhereIsNeverForgotten) {
  const TempDir dir;
  make_frames(dir / "set/lq/a", 1, 2);
  make_frames(dir / "set/gt/a", 2, 2);
  make_frames(dir / "masks/a", 3, 2, 1);
  ImportOptions options;
  options.folders = {{Layer::kLq, "lq"}, {Layer::kGt, "gt"}, {Layer::kMask, dir / "masks"}};
  const MemorySet set = import_folder("paired", dir / "set", options);
  EXPECT_EQ(set.at("a")->clip_info.layers.names(), "lq,gt,mask");
  EXPECT_EQ(set.at("a")->first_value(Layer::kMask, 1), 4);
  for (const char* split : {"train/", "test/"}) {
    make_frames(dir / ("halves/" + std::string(split) + "lq/a"), 1, 2);
    make_frames(dir / ("halves/" + std::string(split) + "gt/a"), 2, 2);
  }
  const std::string error = error_of([&] { plan_of("paired", dir / "halves", options); });
  EXPECT_NE(error.find("lies outside"), std::string::npos) << error;
  // In one of two halves: its clips alone have masks, which is said.
  make_frames(dir / "halves/train/lens/a", 3, 2, 1);
  options.folders[Layer::kMask] = "lens";
  const ImportPlan plan = plan_of("paired", dir / "halves", options);
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_NE(plan.warnings[0].find("--mask lens: not beside test/lq"), std::string::npos);
}

TEST(Paired, FilesThatNobodyReadsAreNamed) {
  const TempDir dir;
  for (const std::string layer : {"lq", "gt"}) {
    make_frames(dir / (layer + "/a"), 1, 2);
    make_text(dir / (layer + "/b.3gp"), "a video of no known ending");
  }
  make_text(dir / "lq/a/00000007.ppm", "P6");
  const ImportPlan plan = plan_of("paired", dir.path());
  EXPECT_TRUE(plan.problems.empty());
  ASSERT_EQ(plan.warnings.size(), 1U);
  for (const char* name : {"lq/b.3gp", "gt/b.3gp", "00000007.ppm"}) {
    EXPECT_NE(plan.warnings[0].find(name), std::string::npos) << plan.warnings[0];
  }
}

TEST(Paired, TheFolderHasItsNameHoweverItIsWritten) {
  const TempDir dir;
  make_picture(dir / "street/lq/1.png", 1);
  make_picture(dir / "street/gt/1.png", 1);
  const fs::path before = fs::current_path();
  fs::current_path(dir / "street");
  for (const char* written : {".", "./", "lq/..", "../street/"}) {
    EXPECT_EQ(plan_of("paired", written).clips.at(0).name, "street") << written;
    EXPECT_EQ(folder_name(written), "street") << written;
  }
  fs::current_path(before);
}

TEST(Paired, GapsAreSaidAndPicturesInTheFolderAreOneClip) {
  const TempDir dir;
  for (const int t : {0, 1, 3}) {
    make_picture(dir / ("lq/" + std::to_string(t) + ".png"), t);
    make_picture(dir / ("gt/" + std::to_string(t) + ".png"), t);
  }
  const ImportPlan plan = plan_of("paired", dir.path());
  require_sound(plan, dir.path());
  ASSERT_EQ(plan.clips.size(), 1U);
  EXPECT_EQ(plan.clips[0].frames, 3);
  ASSERT_EQ(plan.warnings.size(), 2U);
  EXPECT_NE((plan.warnings[0] + plan.warnings[1]).find("jump from 1 to 3"), std::string::npos);
}

TEST(Layouts, UnknownNameGetsTheNearest) {
  const std::string error = error_of([] { find_layout("vrsd"); });
  EXPECT_NE(error.find("did you mean 'vrds'"), std::string::npos) << error;
}

TEST(Layouts, IdsAreSafeAndUnique) {
  std::vector<PlannedClip> clips(4);
  clips[0].name = "a b";
  clips[1].name = "a_b";
  clips[2].name = "../x";
  clips[3].name = "-n";
  assign_ids(clips);
  EXPECT_EQ(clips[0].id, "a_b");
  EXPECT_EQ(clips[1].id, "a_b_2");
  EXPECT_EQ(clips[2].id, "_.._x");
  EXPECT_EQ(clips[3].id, "_-n");
}

TEST(Ntu, RainsOverOneGroundTruth) {
  const TempDir dir;
  make_frames(dir / "Dataset_Training_Synthetic/t1_Rain_01", 10, 3);
  make_frames(dir / "Dataset_Training_Synthetic/t1_Rain_02", 20, 3);
  make_frames(dir / "Dataset_Training_Synthetic/t1_GT", 30, 3);
  make_frames(dir / "Dataset_Testing_Synthetic/a1_Rain", 40, 2);
  make_frames(dir / "Dataset_Testing_Synthetic/a1_GT", 50, 2);
  make_frames(dir / "Dataset_Testing_RealRain/ra1_Rain", 60, 2);
  const ImportPlan plan = plan_of("ntu", dir.path());
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_NE(plan.warnings[0].find("RealRain has no ground truth"), std::string::npos);
  const MemorySet set = import_folder("ntu", dir.path());
  ASSERT_EQ(set.size(), 3U);
  for (const char* id : {"t1_01", "t1_02"}) {
    EXPECT_EQ(set.at(id)->clip_info.split, "train");
    EXPECT_EQ(set.at(id)->clip_info.source, "train/t1");
    EXPECT_EQ(set.at(id)->first_value(Layer::kGt, 2), 32);
  }
  EXPECT_EQ(set.at("t1_02")->first_value(Layer::kLq, 1), 21);
  EXPECT_EQ(set.at("a1")->clip_info.split, "test");
  EXPECT_EQ(set.at("a1")->first_value(Layer::kGt, 1), 51);
  const MemorySet part = import_folder("ntu", dir / "Dataset_Testing_Synthetic");
  ASSERT_EQ(part.size(), 1U);
  EXPECT_EQ(part.begin()->second->clip_info.split, "test");
}

TEST(Ntu, NamesWhatHasNoPartner) {
  const TempDir dir;
  make_frames(dir / "Dataset_Testing_Synthetic/a1_Rain", 40, 2);
  make_frames(dir / "Dataset_Testing_Synthetic/a2_GT", 50, 2);
  const std::string error = error_of([&] { import_folder("ntu", dir.path()); });
  EXPECT_NE(error.find("a1_Rain"), std::string::npos) << error;
  EXPECT_NE(error.find("a2_GT"), std::string::npos) << error;
  fs::create_directories(dir / "other/x");
  EXPECT_NE(error_of([&] { import_folder("ntu", dir / "other"); }).find("NAME_Rain and NAME_GT"),
            std::string::npos);
}

}  // namespace
}  // namespace pluvia
