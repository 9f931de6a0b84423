// SPDX-License-Identifier: Apache-2.0
// Carrying out a plan: order under many threads, bad frames.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "datasets/media/stills.h"
#include "tests/datasets/layouts/memory_set.h"

namespace pluvia {
namespace {

using testing::error_of;
using testing::import_folder;
using testing::make_picture;
using testing::MemoryClip;
using testing::MemorySet;
using testing::TempDir;

void shell(const std::string& command) {
  ASSERT_EQ(std::system((command + " >/dev/null 2>&1").c_str()), 0) << command;
}

TEST(RunImport, FramesArriveInOrderWhateverTheThreads) {
  const TempDir dir;
  for (int t = 0; t < 60; ++t) {
    // Later frames are smaller files, so that threads overtake one another.
    make_picture(dir / ("lq/a/" + std::to_string(t) + ".png"), t, {40, 30});
    make_picture(dir / ("gt/a/" + std::to_string(t) + ".png"), 200 - t, {40, 30});
  }
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  for (const int threads : {1, 2, 7}) {
    const MemorySet set = testing::import_to_memory(plan, threads);
    const MemoryClip& clip = *set.at("a");
    ASSERT_EQ(clip.frames.at(Layer::kLq).size(), 60U);
    for (int t = 0; t < 60; ++t) {
      ASSERT_EQ(clip.first_value(Layer::kLq, t), t);
      ASSERT_EQ(clip.first_value(Layer::kGt, t), 200 - t);
      ASSERT_EQ(clip.rows[static_cast<std::size_t>(t)].name, std::to_string(t));
    }
  }
}

TEST(RunImport, WhatReadersAssumedIsNoted) {
  const TempDir dir;
  for (int t = 0; t < 3; ++t) {
    make_picture(dir / ("lq/a/" + std::to_string(t) + ".png"), 1, {8, 8});
    make_picture(dir / ("gt/a/" + std::to_string(t) + ".png"), 1, {8, 8});
  }
  shell("ffmpeg -y -f lavfi -i color=red:s=8x8 -frames:v 1 -pix_fmt rgb48be '" +
        (dir / "lq/a/1.png").string() + "'");
  const MemorySet set = import_folder("paired", dir.path());
  const auto& notes = set.at("a")->clip_info.notes;
  ASSERT_EQ(notes.count("lq.bit_depth"), 1U);
  EXPECT_NE(notes.at("lq.bit_depth").find("(1 of 3 frames)"), std::string::npos);
  EXPECT_EQ(notes.count("gt.bit_depth"), 0U);
  ImportResult result;
  testing::import_to_memory(plan_import(find_layout("paired"), dir.path(), {}), 1, &result);
  EXPECT_EQ(result.losses, (std::map<std::string, std::uint64_t>{{"lq: bits 16 reduced to 8", 1}}));
}

TEST(RunImport, NotesCountTheirFrames) {
  const TempDir dir;
  for (int t = 0; t < 3; ++t) {
    make_picture(dir / ("lq/a/" + std::to_string(t) + ".png"), 1, {8, 8});
    make_picture(dir / ("gt/a/" + std::to_string(t) + ".png"), 1, {8, 8});
  }
  for (const char* frame : {"lq/a/0.png", "gt/a/2.png"}) {
    shell("ffmpeg -y -f lavfi -i color=red:s=8x8 -frames:v 1 -pix_fmt rgb48be '" +
          (dir / frame).string() + "'");
  }
  shell("ffmpeg -y -f lavfi -i color=red@0.5:s=8x8,format=rgba -frames:v 1 '" +
        (dir / "lq/a/2.png").string() + "'");
  const auto notes = import_folder("paired", dir.path()).at("a")->clip_info.notes;
  EXPECT_EQ(notes.at("lq.bit_depth"), "16 reduced to 8 (1 of 3 frames)");
  EXPECT_EQ(notes.at("gt.bit_depth"), "16 reduced to 8 (1 of 3 frames)");
  EXPECT_NE(notes.at("lq.alpha").find("(1 of 3 frames)"), std::string::npos);
}

TEST(RunImport, MasksOfZeroAndOneAreDoubted) {
  const TempDir dir;
  for (const int peak : {1, 2}) {
    const std::string clip = std::to_string(peak) + "/0.png";
    make_picture(dir / ("lq/" + clip), 1);
    make_picture(dir / ("gt/" + clip), 1);
    Image<std::uint8_t> mask(6, 8, 1);
    std::fill(mask.pixels().begin(), mask.pixels().end(), std::uint8_t{0});
    mask.view().at(2, 3) = static_cast<std::uint8_t>(peak);
    fs::create_directories(dir / ("mask/" + std::to_string(peak)));
    write_png(dir / ("mask/" + clip), mask.view());
  }
  ImportResult result;
  testing::import_to_memory(plan_import(find_layout("paired"), dir.path(), {}), 1, &result);
  EXPECT_EQ(result.faint_masks, 1U);
}

TEST(RunImport, ADamagedFrameIsNamedWithItsClip) {
  const TempDir dir;
  for (int t = 0; t < 5; ++t) {
    make_picture(dir / ("lq/a/" + std::to_string(t) + ".png"), t, {64, 64});
    make_picture(dir / ("gt/a/" + std::to_string(t) + ".png"), t, {64, 64});
  }
  fs::resize_file(dir / "gt/a/3.png", fs::file_size(dir / "gt/a/3.png") - 20);
  const std::string error = error_of([&] { import_folder("paired", dir.path()); });
  EXPECT_NE(error.find("importing clip a"), std::string::npos) << error;
  EXPECT_NE(error.find("gt/a/3.png"), std::string::npos) << error;
}

TEST(RunImport, StopsWhenInterrupted) {
  const TempDir dir;
  make_picture(dir / "lq/a/0.png", 1);
  make_picture(dir / "gt/a/0.png", 1);
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  set_interrupt_signal(SIGINT);
  try {
    testing::import_to_memory(plan);
    ADD_FAILURE() << "went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInterrupt);
  }
  set_interrupt_signal(0);
}

TEST(RunImport, ClipsThatAreThereAreSkipped) {
  const TempDir dir;
  make_picture(dir / "lq/a/0.png", 1);
  make_picture(dir / "gt/a/0.png", 1);
  const ImportPlan plan = plan_import(find_layout("paired"), dir.path(), {});
  const ImportResult result = run_import(
      plan, [](const ClipInfo&) { return std::unique_ptr<ClipWriter>(); }, 1);
  EXPECT_EQ(result.skipped, 1U);
  EXPECT_EQ(result.clips, 0U);
}

}  // namespace
}  // namespace pluvia
