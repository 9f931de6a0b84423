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

TEST(Problems, AllowMissingDoesNotForgiveDamage) {
  const TempDir dir;
  make_pair(dir, "a", "1.png");
  make_pair(dir, "a", "2.png");
  make_text(dir / "lq/a/2.png", "");
  ImportOptions options;
  options.allow_missing = true;
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), options);
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0].item, "lq/a/2.png");
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
