// SPDX-License-Identifier: Apache-2.0
// Importing videos, against the ffmpeg program. Only in builds with the video module.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::import_folder;
using testing::MemoryClip;
using testing::MemorySet;
using testing::TempDir;

void shell(const std::string& command) {
  ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
}

TEST(RunImport, LosslessVideosEqualTheFfmpegProgramsFrames) {
  const TempDir dir;
  fs::create_directories(dir / "rainy_vid");
  fs::create_directories(dir / "clean_vid");
  const std::string ffmpeg = "ffmpeg -y -f lavfi -i ";
  const std::string ffv1 = "=s=32x24:r=25:d=0.4 -c:v ffv1 -pix_fmt bgr0 ";
  shell(ffmpeg + "testsrc2" + ffv1 + "'" + (dir / "rainy_vid/v.mkv").string() + "'");
  shell(ffmpeg + "testsrc" + ffv1 + "'" + (dir / "clean_vid/v.mkv").string() + "'");
  const MemorySet set = import_folder("paired", dir.path());
  const MemoryClip& clip = *set.at("v");
  ASSERT_EQ(clip.frames.at(Layer::kLq).size(), 10U);
  EXPECT_EQ(clip.clip_info.fps, 25);
  EXPECT_TRUE(clip.frame_columns.time);
  EXPECT_NEAR(clip.rows[5].time_s, 0.2, 1e-3);
  const std::pair<const char*, Layer> sides[] = {{"rainy_vid", Layer::kLq},
                                                 {"clean_vid", Layer::kGt}};
  for (const auto& [folder, layer] : sides) {
    const fs::path raw = dir / "raw";
    shell("ffmpeg -y -i '" + (dir / folder).string() + "/v.mkv' -f rawvideo -pix_fmt rgb24 '" +
          raw.string() + "'");
    std::ifstream file(raw, std::ios::binary);
    for (int t = 0; t < 10; ++t) {
      std::vector<char> expected(32 * 24 * 3);
      file.read(expected.data(), static_cast<std::streamsize>(expected.size()));
      const auto& got = clip.frames.at(layer)[static_cast<std::size_t>(t)];
      ASSERT_TRUE(
          std::equal(got.begin(), got.end(), reinterpret_cast<const std::byte*>(expected.data())))
          << folder << " frame " << t;
    }
  }
}

TEST(RunImport, VideosOfDifferentLengthAreAProblem) {
  const TempDir dir;
  for (const char* folder : {"rainy", "clean"}) fs::create_directories(dir / folder);
  shell("ffmpeg -y -f lavfi -i testsrc2=s=32x24:r=25:d=0.4 -c:v ffv1 '" +
        (dir / "rainy/v.avi").string() + "'");
  shell("ffmpeg -y -f lavfi -i testsrc2=s=32x24:r=25:d=0.2 -c:v ffv1 '" +
        (dir / "clean/v.avi").string() + "'");
  const std::string error = error_of([&] { import_folder("paired", dir.path()); });
  EXPECT_NE(error.find("frames"), std::string::npos) << error;
  EXPECT_NE(error.find("v.avi"), std::string::npos) << error;
}

TEST(RunImport, WhatTheFirstFrameTellsIsInThePlan) {
  const TempDir dir;
  const std::string source = "ffmpeg -y -f lavfi -i testsrc2=s=32x24:d=0.4:r=";
  const auto make = [&](const std::string& options, const std::string& file) {
    fs::create_directories((dir / file).parent_path());
    shell(source + options + " -c:v ffv1 '" + (dir / file).string() + "'");
  };
  make("25 -pix_fmt yuv444p -colorspace ycgco", "lq/a.mkv");
  make("25", "gt/a.mkv");
  make("25", "mask/a.mkv");
  make("25 -frames:v 10", "lq/b.mkv");
  make("30 -frames:v 10", "gt/b.mkv");
  make("25 -frames:v 10 -vf format=gray", "mask/b.mkv");
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  ASSERT_EQ(plan.problems.size(), 1U);
  EXPECT_EQ(plan.problems[0].item, "lq/a.mkv");
  EXPECT_NE(plan.problems[0].text.find("ycgco"), std::string::npos);
  ASSERT_EQ(plan.warnings.size(), 1U);
  EXPECT_NE(plan.warnings[0].find("gt/b.mkv: has 30 frames a second"), std::string::npos);
  fs::remove(dir / "lq/a.mkv");
  make("25", "lq/a.mkv");
  const ImportPlan masks = plan_import(find_layout("paired"), dir.path(), {});
  ASSERT_EQ(masks.problems.size(), 1U);
  EXPECT_EQ(masks.problems[0].item, "mask/a.mkv");
  EXPECT_NE(masks.problems[0].text.find("holds colour"), std::string::npos);
}

// What shows at one frame, or behind the last, is said of the video.
TEST(RunImport, NotesOfVideosAreOfTheWholeVideo) {
  const TempDir dir;
  for (const char* folder : {"lq", "gt"}) {
    fs::create_directories(dir / folder);
    shell(
        "ffmpeg -y -f lavfi -i testsrc2=s=32x24:r=25:d=1 -vf \"select='not(between(n,5,9))'\" "
        "-vsync vfr -c:v ffv1 '" +
        (dir / folder).string() + "/v.mkv'");
  }
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  EXPECT_EQ(plan.clips.at(0).frames, 0);  // Matroska does not say
  EXPECT_NEAR(static_cast<double>(plan.frames()), 20, 6);
  EXPECT_EQ(plan.raw_bytes(), plan.frames() * 32 * 24 * 3 * 2);
  const MemorySet set = testing::import_to_memory(plan);
  const MemoryClip& clip = *set.at("v");
  EXPECT_EQ(clip.clip_info.notes.at("lq.frame_rate"),
            "variable: frames kept as stored, with their times");
}

TEST(RunImport, AllowMissingLeavesOutDamagedVideos) {
  const TempDir dir;
  for (const std::string file : {"lq/a.mkv", "gt/a.mkv", "lq/b.mkv", "gt/b.mkv"}) {
    fs::create_directories((dir / file).parent_path());
    shell("ffmpeg -y -f lavfi -i testsrc2=s=32x24:r=25:d=1 -c:v ffv1 -slicecrc 1 -level 3 '" +
          (dir / file).string() + "'");
  }
  const auto bytes = fs::file_size(dir / "gt/a.mkv");
  std::fstream file(dir / "gt/a.mkv", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(bytes * 3 / 4));
  file << std::string(64, 'x');
  file.close();
  EXPECT_NE(error_of([&] { import_folder("paired", dir.path()); }).find("a.mkv"),
            std::string::npos);
  ImportOptions options;
  options.allow_missing = true;
  const MemorySet set = import_folder("paired", dir.path(), options);
  EXPECT_EQ(set.count("a"), 0U);
  EXPECT_EQ(set.at("b")->frames.at(Layer::kGt).size(), 25U);
}

}  // namespace
}  // namespace pluvia
