// SPDX-License-Identifier: Apache-2.0
// Write and read back: windows against the formula that made the frames.
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "datasets/store/set_reader.h"
#include "datasets/store/tiles.h"
#include "tests/support/program.h"
#include "tests/support/synthetic_set.h"

namespace pluvia {
namespace {

using test::synthetic_info;

TEST(Tiles, ShapesDivideCommonSizesAndPadLittle) {
  const auto shape = [](int h, int w) {
    const TileShape tile = choose_tile(h, w);
    return std::make_pair(tile.height, tile.width);
  };
  EXPECT_EQ(shape(480, 640), std::make_pair(120, 128));
  EXPECT_EQ(shape(720, 1280), std::make_pair(120, 128));
  EXPECT_EQ(shape(1080, 1920), std::make_pair(120, 128));
  EXPECT_EQ(shape(2160, 3840), std::make_pair(120, 128));
  EXPECT_EQ(shape(1, 1), std::make_pair(1, 1));
  EXPECT_EQ(shape(64, 64), std::make_pair(64, 64));
  for (int side = 1; side < 5000; ++side) {
    const TileShape tile = choose_tile(side, side);
    const int padded = (side + tile.width - 1) / tile.width * tile.width;
    ASSERT_LE(padded - side, 1 + side / 64) << side;
    ASSERT_LE(tile.width, 192) << side;
  }
}

class StoreSizes : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(StoreSizes, EveryWindowEqualsTheFormula) {
  const auto [height, width] = GetParam();
  const test::TempDir dir;
  const ClipInfo made = synthetic_info("a", 4, height, width);
  test::write_set(dir / "set.h5", {made});
  const auto clip = SetReader::open(dir / "set.h5")->clip("a");
  ASSERT_EQ(clip->info().frames, 4);
  EXPECT_EQ(clip->info().rain, made.rain);
  EXPECT_EQ(clip->info().seed, made.seed);
  const std::vector<Window> windows = {
      Window::whole(made),
      {1, 2, height / 3, width / 4, height - height / 3, width - width / 4},
      {3, 1, height - 1, width - 1, 1, 1},
      {0, 4, height / 2, 0, 1, width},
      {2, 0, 0, 0, height, width}};
  for (const Window& window : windows) {
    for (const Layer layer : made.layers.list()) {
      const std::size_t pixel = spec(layer).pixel_bytes();
      std::vector<std::byte> got(window.pixels() * pixel);
      clip->read(layer, window, got);
      std::vector<std::byte> expected;
      for (int t = window.first; t < window.first + window.frames; ++t) {
        const FrameLayers frame = test::synthetic_frame(made, t);
        for (int y = window.y; y < window.y + window.height; ++y) {
          const auto at = (static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                           static_cast<std::size_t>(window.x)) *
                          pixel;
          const auto begin = frame.of(layer).begin() + static_cast<std::ptrdiff_t>(at);
          expected.insert(
              expected.end(), begin,
              begin + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(window.width) * pixel));
        }
      }
      ASSERT_EQ(got, expected) << spec(layer).name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, StoreSizes,
                         testing::Values(std::pair(1, 1), std::pair(37, 53), std::pair(240, 256),
                                         std::pair(241, 383)));

TEST(Store, WindowsOutsideAreRefused) {
  const test::TempDir dir;
  test::write_set(dir / "set.h5", {synthetic_info("a", 2, 30, 40)});
  const auto clip = SetReader::open(dir / "set.h5")->clip("a");
  std::vector<std::byte> out(30 * 40 * 3);
  for (const Window& bad :
       {Window{2, 1, 0, 0, 30, 40}, Window{0, 1, 1, 0, 30, 40}, Window{0, 1, 0, -1, 30, 40},
        Window{-1, 1, 0, 0, 30, 40}, Window{0, 1, 0, 0, 30, 2147483647}}) {
    EXPECT_THROW(clip->read(Layer::kLq, bad, out), Error);
  }
  EXPECT_THROW(clip->read(Layer::kDepth, {0, 1, 0, 0, 30, 40}, out), Error);
}

TEST(Store, FrameTableAndIndexComeBack) {
  const test::TempDir dir;
  ClipInfo second = synthetic_info("b10", 3, 20, 20);
  second.split = "test";
  test::write_set(dir / "set.h5", {second, synthetic_info("b9", 2, 20, 20)});
  const auto set = SetReader::open(dir / "set.h5");
  ASSERT_EQ(set->info().rows.size(), 2U);
  EXPECT_EQ(set->info().rows[0].clip.id, "b9");  // natural order
  EXPECT_EQ(set->info().splits.at("test"), std::vector<std::string>{"b10"});
  EXPECT_EQ(set->info().formation, "vrds");
  FrameColumns columns;
  const auto rows = set->clip("b10")->frame_rows(&columns);
  EXPECT_EQ(columns, (FrameColumns{true, true, true}));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2].name, "frame2");
  EXPECT_EQ(rows[2].time_s, 2 / 25.0);
  EXPECT_EQ(rows[2].position_m[2], 2.0F);
  EXPECT_EQ(rows[2].rain_mm_h, 25.0F);
}

TEST(Store, SameContentSameBytesWhateverTheThreads) {
  const test::TempDir dir;
  std::string first;
  for (const int threads : {1, 2, 7}) {
    SetOptions options = test::synthetic_options();
    options.threads = threads;
    const auto path = dir / ("set" + std::to_string(threads) + ".h5");
    test::write_set(path, {synthetic_info("x", 9, 130, 150), synthetic_info("y", 3, 40, 50)},
                    options);
    const std::string bytes = test::read_all(path);
    if (first.empty()) first = bytes;
    EXPECT_TRUE(bytes == first) << threads;
  }
}

TEST(Store, SharedGroundTruthIsStoredOnce) {
  const test::TempDir dir;
  SetOptions options = test::synthetic_options();
  options.kind = "images";
  options.formation = "";
  ClipInfo info = synthetic_info("stack", 5, 24, 32);
  info.layers = {Layer::kLq, Layer::kGt};
  const std::vector<int> index = {0, 0, 1, 0, 1};
  {
    SetWriter set(dir / "set.h5", options);
    const auto clip = set.begin(info);
    std::vector<bool> seen(2, false);
    for (int t = 0; t < 5; ++t) {
      FrameLayers frame = test::synthetic_frame(info, t);
      const auto row = static_cast<std::size_t>(index[static_cast<std::size_t>(t)]);
      frame.of(Layer::kGt) =
          seen[row] ? std::vector<std::byte>()
                    : test::synthetic_frame(info, 100 + static_cast<int>(row)).of(Layer::kGt);
      seen[row] = true;
      clip->add(std::move(frame));
    }
    clip->set_gt_index(index);
    clip->finish();
    set.commit();
  }
  const auto clip = SetReader::open(dir / "set.h5")->clip("stack");
  EXPECT_EQ(clip->gt_index(), index);
  std::vector<std::byte> out(24 * 32 * 3);
  for (int t = 0; t < 5; ++t) {
    clip->read(Layer::kGt, {t, 1, 0, 0, 24, 32}, out);
    EXPECT_EQ(out,
              test::synthetic_frame(info, 100 + index[static_cast<std::size_t>(t)]).of(Layer::kGt))
        << t;
  }
}

TEST(Store, ExistingOutputIsKept) {
  const test::TempDir dir;
  test::write_set(dir / "set.h5", {synthetic_info("a", 1, 8, 8)});
  const std::string before = test::read_all(dir / "set.h5");
  try {
    SetWriter set(dir / "set.h5", test::synthetic_options());
    FAIL() << "an existing set was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
  }
  SetOptions options = test::synthetic_options("other settings");
  options.resume = true;
  EXPECT_THROW(SetWriter(dir / "set.h5", options), Error);
  options.settings = "synthetic";
  EXPECT_TRUE(SetWriter(dir / "set.h5", options).complete());
  options.resume = false;
  options.force = true;
  {
    SetWriter set(dir / "set.h5", options);  // leaves without commit
    test::write_clip(set, synthetic_info("b", 1, 8, 8));
  }
  EXPECT_EQ(test::read_all(dir / "set.h5"), before);
  EXPECT_TRUE(std::filesystem::exists(dir / "set.h5.parts"));
  test::write_set(dir / "set.h5", {synthetic_info("c", 1, 8, 8)}, options);
  EXPECT_EQ(SetReader::open(dir / "set.h5")->info().rows.at(0).clip.id, "c");
  EXPECT_FALSE(std::filesystem::exists(dir / "set.h5.parts"));
}

TEST(Store, WhatCameMeanwhileIsKept) {
  const test::TempDir dir;
  const ClipInfo clip = synthetic_info("a", 1, 8, 8);
  {
    SetWriter set(dir / "set.h5", test::synthetic_options());
    test::write_clip(set, clip);
    std::ofstream(dir / "set.h5") << "precious";
    EXPECT_THROW(set.commit(), Error);
  }
  SetOptions options = test::synthetic_options();
  options.resume = true;
  EXPECT_THROW(SetWriter(dir / "set.h5", options), Error);
  EXPECT_EQ(test::read_all(dir / "set.h5"), "precious");
  std::filesystem::remove(dir / "set.h5");
  test::write_set(dir / "set.h5", {clip}, options);  // the parts were kept as well
  const std::string whole = test::read_all(dir / "set.h5");

  // Stopped between the rename and the removal of the parts: the set there is this run's own.
  std::filesystem::rename(dir / "set.h5", dir / "away.h5");
  {
    SetWriter set(dir / "set.h5", test::synthetic_options());
    test::write_clip(set, clip);
  }
  std::filesystem::copy_file(dir / "away.h5", dir / "set.h5");
  SetWriter(dir / "set.h5", options).commit();
  EXPECT_EQ(test::read_all(dir / "set.h5"), whole);
  EXPECT_FALSE(std::filesystem::exists(dir / "set.h5.parts"));
}

TEST(Store, EditedNotesOfAStoppedRunAreNoCrash) {
  const test::TempDir dir;
  {
    SetWriter set(dir / "set.h5", test::synthetic_options());
    test::write_clip(set, synthetic_info("a", 1, 8, 8));
  }
  std::ofstream(dir / "set.h5.parts/journal.jsonl", std::ios::app)
      << "{\"id\":5,\"bytes\":1}\n{\"id\":\"a\",\"bytes\":\"x\"}\n[1]\n";
  SetOptions options = test::synthetic_options();
  options.resume = true;
  EXPECT_TRUE(SetWriter(dir / "set.h5", options).has_clip("a"));
  std::ofstream(dir / "set.h5.parts/settings.json") << "[1]";
  EXPECT_THROW(SetWriter(dir / "set.h5", options), Error);
  EXPECT_THROW(SetWriter(dir / "sets/", test::synthetic_options()), Error);
  std::filesystem::create_directory(dir / "own.h5.parts");  // a folder of the user's
  std::ofstream(dir / "own.h5.parts/mine.txt") << "precious";
  EXPECT_THROW(SetWriter(dir / "own.h5", test::synthetic_options()), Error);
  EXPECT_EQ(test::read_all(dir / "own.h5.parts/mine.txt"), "precious");
  std::filesystem::create_symlink("nowhere.h5",
                                  dir / "link.h5");  // said before the work, not after
  EXPECT_THROW(SetWriter(dir / "link.h5", test::synthetic_options()), Error);
}

TEST(Store, ResumeGivesTheSameFile) {
  const test::TempDir dir;
  const std::vector<ClipInfo> clips = {synthetic_info("a", 3, 30, 30),
                                       synthetic_info("b", 4, 30, 30),
                                       synthetic_info("c", 2, 30, 30)};
  test::write_set(dir / "whole.h5", clips);
  {
    SetWriter set(dir / "set.h5", test::synthetic_options());
    test::write_clip(set, clips[1]);
    const auto unfinished = set.begin(clips[2]);
    unfinished->add(test::synthetic_frame(clips[2], 0));
  }
  EXPECT_FALSE(std::filesystem::exists(dir / "set.h5"));
  std::ofstream(dir / "set.h5.parts/journal.jsonl", std::ios::app)
      << "{\"id\":\"c\",\"byt";  // a torn line
  EXPECT_THROW(SetWriter(dir / "set.h5", test::synthetic_options()), Error);
  SetOptions options = test::synthetic_options();
  options.resume = true;
  {
    SetWriter set(dir / "set.h5", options);
    EXPECT_TRUE(set.has_clip("b"));
    EXPECT_FALSE(set.has_clip("c"));
    EXPECT_THROW(SetWriter(dir / "set.h5", options), Error);  // locked
  }
  test::write_set(dir / "set.h5", clips, options);
  EXPECT_TRUE(test::read_all(dir / "set.h5") == test::read_all(dir / "whole.h5"));
}

}  // namespace
}  // namespace pluvia
