// SPDX-License-Identifier: Apache-2.0
// What the record beside exported pictures gives back, clip by clip.
#include <gtest/gtest.h>

#include "core/error.h"
#include "datasets/layouts/export_set.h"
#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::import_folder;
using testing::make_clip;
using testing::MemoryClip;
using testing::MemorySet;
using testing::TempDir;

std::shared_ptr<MemoryClip> clip_in_group(const std::string& group, double fps) {
  auto clip = make_clip("x", "", 1, {Layer::kLq, Layer::kGt});
  clip->clip_info.id = group + "_x";
  clip->clip_info.notes["group"] = group;
  clip->clip_info.fps = fps;
  return clip;
}

TEST(ExportRecord, ClipsOfOneNameInTwoGroupsKeepTheirOwn) {
  const TempDir dir;
  const auto slow = clip_in_group("A", 10);
  const auto fast = clip_in_group("B", 30);
  export_set(std::vector<const ClipReader*>{slow.get(), fast.get()}, find_layout("paired"),
             dir / "out", {});
  const MemorySet set = import_folder("paired", dir / "out");
  EXPECT_EQ(set.at("A_x")->clip_info.fps, 10);
  EXPECT_EQ(set.at("B_x")->clip_info.fps, 30);
}

TEST(ExportRecord, TimesOfUnevenFramesComeBackWithoutCameras) {
  const TempDir dir;
  const auto clip = make_clip("x", "train", 1, {Layer::kLq, Layer::kGt});
  clip->frame_columns = {true, true, false};
  clip->rows[1].time_s = 0.04;
  clip->rows[2].time_s = 0.4;
  for (const char* layout : {"paired", "vrds"}) {
    export_set(std::vector<const ClipReader*>{clip.get()}, find_layout(layout), dir / layout, {});
    const MemorySet set = import_folder(layout, dir / layout);
    const MemoryClip& back = *set.begin()->second;
    EXPECT_TRUE(back.frame_columns.time);
    EXPECT_FALSE(back.frame_columns.rendering);
    EXPECT_EQ(back.rows[1].time_s, 0.04);
    EXPECT_EQ(back.rows[2].time_s, 0.4);
  }
}

// Twins, and the rains over one ground truth, are one source: no split may have one, another the
// other.
TEST(ExportRecord, SourcesComeBack) {
  for (const char* layout : {"paired", "vrds", "ntu"}) {
    const TempDir dir;
    const auto one = make_clip("t1_01", "train", 1, {Layer::kLq, Layer::kGt});
    const auto two = make_clip("t1_02", "train", 2, {Layer::kLq, Layer::kGt});
    one->clip_info.source = two->clip_info.source = "train/t1";
    export_set(std::vector<const ClipReader*>{one.get(), two.get()}, find_layout(layout),
               dir / "out", {});
    for (const auto& entry : import_folder(layout, dir / "out")) {
      EXPECT_EQ(entry.second->clip_info.source, "train/t1") << layout << " " << entry.first;
    }
  }
}

TEST(ExportRecord, NtuNamesMayHoldItsWords) {
  const TempDir dir;
  const auto rain = make_clip("city_rain", "train", 1, {Layer::kLq, Layer::kGt});
  const auto truth = make_clip("x_gt", "train", 2, {Layer::kLq, Layer::kGt});
  export_set(std::vector<const ClipReader*>{rain.get(), truth.get()}, find_layout("ntu"),
             dir / "out", {});
  const MemorySet set = import_folder("ntu", dir / "out");
  EXPECT_EQ(set.at("city_rain")->frames, rain->frames);
  EXPECT_EQ(set.at("x_gt")->frames, truth->frames);
}

TEST(ExportRecord, AFinishedExportIsResumedToNothing) {
  const TempDir dir;
  const auto clip = make_clip("x", "train", 1, {Layer::kLq, Layer::kGt});
  const std::vector<const ClipReader*> clips = {clip.get()};
  const Layout& layout = find_layout("paired");
  ExportOptions options;
  options.resume = true;
  export_set(clips, layout, dir / "out", options);
  const ExportResult again = export_set(clips, layout, dir / "out", options);
  EXPECT_EQ(again.files, 0U);
  EXPECT_EQ(again.skipped, 6U);
  EXPECT_FALSE(fs::exists(dir / "out.part"));
  // Stopped between the exchange of old and new and the removal of the old one.
  testing::make_text(dir / "out.part/pluvia-export.json", "{}");
  EXPECT_EQ(export_set(clips, layout, dir / "out", options).skipped, 6U);
  fs::remove_all(dir / "out.part");
  options.source_text = "another set";
  EXPECT_NE(
      error_of([&] { export_set(clips, layout, dir / "out", options); }).find("other settings"),
      std::string::npos);
  options.source_text.clear();
  fs::remove(dir / "out/train/gt/x/x-9.png");
  EXPECT_NE(error_of([&] { export_set(clips, layout, dir / "out", options); }).find("x-9.png"),
            std::string::npos);
}

}  // namespace
}  // namespace pluvia
