// SPDX-License-Identifier: Apache-2.0
// Everything that is wrong with a folder is found in one go.
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>

#include "core/error.h"
#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::make_picture;
using testing::make_text;
using testing::TempDir;

void make_pair(const TempDir& dir, const std::string& clip, const std::string& frame) {
  make_picture(dir / ("lq/" + clip + "/" + frame), 1);
  make_picture(dir / ("gt/" + clip + "/" + frame), 2);
}

TEST(Problems, EveryKindInOneReport) {
  const TempDir dir;
  make_pair(dir, "good", "1.png");
  make_pair(dir, "a", "1.png");
  make_picture(dir / "lq/a/2.png", 1);    // missing in gt
  make_picture(dir / "gt/a/3.png", 1);    // extra
  make_picture(dir / "lq/a/001.png", 1);  // duplicate of 1
  make_pair(dir, "b", "1.png");
  make_picture(dir / "gt/b/1.png", 1, {5, 5});  // other size
  make_pair(dir, "c", "1.png");
  make_text(dir / "gt/c/1.png", "not a picture");  // unreadable
  make_picture(dir / "lq/d/x.png", 1);             // nothing fits
  make_picture(dir / "gt/d/y.png", 1);
  make_picture(dir / "lq/e/1.png", 1);   // clip missing in gt
  fs::create_directories(dir / "gt/f");  // clip extra in gt
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  std::multiset<ProblemKind> kinds;
  for (const Problem& problem : plan.problems) kinds.insert(problem.kind);
  EXPECT_EQ(kinds.count(ProblemKind::kMissing), 2U);
  EXPECT_EQ(kinds.count(ProblemKind::kExtra), 2U);
  EXPECT_EQ(kinds.count(ProblemKind::kDuplicate), 1U);
  EXPECT_EQ(kinds.count(ProblemKind::kSize), 1U);
  EXPECT_EQ(kinds.count(ProblemKind::kUnreadable), 1U);
  EXPECT_EQ(kinds.count(ProblemKind::kUnmatched), 1U);
  const std::string error = error_of([&] { require_sound(plan, dir.path()); });
  EXPECT_NE(
      error.find("8 problems (2 missing, 2 extra, 1 duplicate, 1 size mismatch, 1 unreadable, "
                 "1 not paired)"),
      std::string::npos)
      << error;
  EXPECT_NE(error.find("and 3 more"), std::string::npos) << error;
  EXPECT_EQ(error.find("--allow-missing"), std::string::npos) << "would not help here";
}

TEST(Problems, AllowMissingTakesTheIntersection) {
  const TempDir dir;
  for (const char* frame : {"1.png", "2.png", "4.png"}) make_pair(dir, "a", frame);
  make_picture(dir / "lq/a/3.png", 1);
  make_picture(dir / "gt/a/5.png", 1);
  make_picture(dir / "lq/b/1.png", 1);
  EXPECT_NE(error_of([&] {
              require_sound(plan_import(find_layout("paired"), dir.path(), {}), dir.path());
            }).find("--allow-missing"),
            std::string::npos);
  ImportOptions options;
  options.allow_missing = true;
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), options);
  require_sound(plan, dir.path());
  ASSERT_EQ(plan.clips.size(), 1U);
  EXPECT_EQ(plan.clips[0].frame_names, (std::vector<std::string>{"1", "2", "4"}));
  EXPECT_GE(plan.warnings.size(), 3U);
}

/// Cuts a file in the middle: its header is sound.
void cut(const fs::path& path) { fs::resize_file(path, fs::file_size(path) / 2); }

TEST(Problems, AllowMissingLeavesOutWhatIsDamaged) {
  const TempDir dir;
  for (const char* frame : {"1.png", "2.png", "3.png", "4.png"}) make_pair(dir, "a", frame);
  make_pair(dir, "b", "1.png");
  make_text(dir / "lq/a/2.png", "");
  cut(dir / "gt/a/3.png");
  cut(dir / "lq/b/1.png");
  EXPECT_NE(error_of([&] {
              require_sound(plan_import(find_layout("paired"), dir.path(), {}), dir.path());
            }).find("lq/a/2.png"),
            std::string::npos);
  ImportOptions options;
  options.allow_missing = true;
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), options);
  require_sound(plan, dir.path());
  ASSERT_EQ(plan.clips.size(), 1U);
  EXPECT_EQ(plan.clips[0].frame_names, (std::vector<std::string>{"1", "4"}));
  std::string all;
  for (const std::string& line : plan.warnings) all += line + "\n";
  for (const char* item : {"lq/a/2.png: ", "gt/a/3.png: ", "lq/b/1.png: ", "; left out"}) {
    EXPECT_NE(all.find(item), std::string::npos) << all;
  }
  const auto set = testing::import_to_memory(plan);
  EXPECT_EQ(set.at("a")->clip_info.frames, 2);
}

TEST(Problems, AllowMissingLeavesOutDamagedPicturesOfASharedTruth) {
  const TempDir dir;
  for (const char* name : {"901_1.png", "901_2.png", "901_3.png", "902_1.png"}) {
    make_picture(dir / (std::string("rainy_image/") + name), 1);
  }
  for (const char* name : {"901.png", "902.png"}) {
    make_picture(dir / (std::string("ground_truth/") + name), 2);
  }
  cut(dir / "rainy_image/901_1.png");
  cut(dir / "ground_truth/902.png");
  ImportOptions options;
  options.allow_missing = true;
  const ImportPlan plan = plan_import(find_layout("paired-images"), dir.path(), options);
  require_sound(plan, dir.path());
  ASSERT_EQ(plan.clips.size(), 1U);
  EXPECT_EQ(plan.clips[0].frame_names, (std::vector<std::string>{"901_2", "901_3"}));
  EXPECT_EQ(testing::import_to_memory(plan).begin()->second->clip_info.frames, 2);
}

TEST(Problems, UnreadableFolderIsNamed) {
  const TempDir dir;
  make_pair(dir, "a", "1.png");
  fs::permissions(dir.path(), fs::perms::all);
  fs::permissions(dir / "gt/a", fs::perms::none);
  constexpr uid_t kNobody = 65534;  // the superuser reads every folder: be somebody else
  const bool superuser = geteuid() == 0;
  ASSERT_EQ(superuser ? seteuid(kNobody) : 0, 0);
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  ASSERT_EQ(superuser ? seteuid(0) : 0, 0);
  fs::permissions(dir / "gt/a", fs::perms::owner_all);
  ASSERT_FALSE(plan.problems.empty());
  EXPECT_EQ(plan.problems[0].kind, ProblemKind::kUnreadable);
  EXPECT_EQ(plan.problems[0].item, "gt/a");
}

TEST(Problems, AClipThatLacksALayerIsLookedThrough) {
  const TempDir dir;
  make_pair(dir, "a", "1.png");
  make_pair(dir, "b", "1.png");
  make_pair(dir, "b", "2.png");
  make_picture(dir / "mask/a/1.png", 1, {}, 1);
  make_text(dir / "gt/b/1.png", "no picture");
  fs::remove(dir / "lq/b/2.png");
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  std::vector<std::string> items;
  for (const Problem& problem : plan.problems) items.push_back(problem.item);
  EXPECT_EQ(items, (std::vector<std::string>{"lq/b", "gt/b/2.png", "gt/b/1.png"}));
  EXPECT_EQ(plan.clips.size(), 1U);
}

TEST(Problems, NamesThatAreNotUtf8) {
  const TempDir dir;
  make_pair(dir, "a", "1.png");
  make_picture(dir / "lq/caf\xE9/1.png", 1);
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0].item, "lq/caf?");
  EXPECT_NE(plan.problems[0].text.find("not UTF-8"), std::string::npos);
}

TEST(Problems, NoFolderAndAFile) {
  const TempDir dir;
  EXPECT_NE(
      error_of([&] { plan_import(find_layout("vrds"), dir / "gone", {}); }).find("no such folder"),
      std::string::npos);
  make_text(dir / "file", "x");
  EXPECT_NE(
      error_of([&] { plan_import(find_layout("vrds"), dir / "file", {}); }).find("found a file"),
      std::string::npos);
}

TEST(Problems, HalfAnArrangement) {
  const TempDir dir;
  make_pair(dir, "a", "1.png");
  make_picture(dir / "testlq/b/1.png", 1);
  const ImportPlan plan = plan_import(find_layout("vrds"), dir.path(), {});
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0].item, "testlq");
}

}  // namespace
}  // namespace pluvia
