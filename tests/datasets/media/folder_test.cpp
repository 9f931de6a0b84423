// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/error.h"
#include "datasets/media/frame_source.h"
#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

void put(const fs::path& file, int height, int width, std::uint8_t value) {
  Image<std::uint8_t> image(height, width, 1);
  std::fill(image.pixels().begin(), image.pixels().end(), value);
  write_png(file, image.view());
}

TEST(Folder, NaturalOrder) {
  const TempFolder folder;
  for (const int i : {10, 2, 1, 100, 9}) {
    put(folder / ("frame" + std::to_string(i) + ".png"), 4, 6, static_cast<std::uint8_t>(i));
  }
  put(folder / "._frame3.png", 4, 6, 3);
  write_file(folder / "readme.txt", Bytes(5));
  fs::create_directory(folder / "folder.png");
  const auto source = open_frames(folder.path(), ColorWanted::kRgb);
  EXPECT_EQ(source->info().frames, 5);
  EXPECT_EQ(source->info().height, 4);
  EXPECT_EQ(source->info().width, 6);
  EXPECT_EQ(source->info().fps, 0);
  Image<std::uint8_t> frame;
  for (const int i : {1, 2, 9, 10, 100}) {
    ASSERT_TRUE(source->next(frame));
    EXPECT_EQ(source->frame_name(), "frame" + std::to_string(i));
    EXPECT_EQ(frame.view().at(3, 5, 2), i);
  }
  EXPECT_FALSE(source->next(frame));
  EXPECT_FALSE(source->next(frame));
}

TEST(Folder, TheSameFrameTwiceIsRefused) {
  for (const auto& [a, b] :
       {std::pair{"f_007.png", "f_7.png"}, {"1.png", "1.jpg"}, {"0.png", "000.png"}}) {
    const TempFolder folder;
    put(folder / a, 2, 2, 0);
    write_file(folder / b, Bytes(10));
    const std::string text = error_of([&] { list_stills(folder.path()); });
    EXPECT_NE(text.find(a), std::string::npos) << text;
    EXPECT_NE(text.find(b), std::string::npos) << text;
  }
  const TempFolder folder;
  for (const char* name : {"rain-1.png", "norain-1.png", "a1b2.png", "a1b02c.png", "a10.png"}) {
    put(folder / name, 2, 2, 0);
  }
  EXPECT_EQ(list_stills(folder.path()).size(), 5U);
}

TEST(Folder, MixedSizesAreRefusedByName) {
  const TempFolder folder;
  put(folder / "1.png", 4, 6, 0);
  put(folder / "2.png", 6, 4, 0);
  const auto source = open_frames(folder.path(), ColorWanted::kGrey);
  Image<std::uint8_t> frame;
  EXPECT_TRUE(source->next(frame));
  const std::string text = error_of([&] { source->next(frame); });
  EXPECT_NE(text.find("2.png: is 4x6 pixels, expected 6x4"), std::string::npos) << text;
}

TEST(Folder, DamagedFrameIsNamedWhenItIsReached) {
  const TempFolder folder;
  put(folder / "1.png", 4, 6, 0);
  write_file(folder / "2.png", Bytes(100));
  const auto source = open_frames(folder.path(), ColorWanted::kGrey);
  Image<std::uint8_t> frame;
  EXPECT_TRUE(source->next(frame));
  EXPECT_NE(error_of([&] { source->next(frame); }).find("2.png: not a picture"), std::string::npos);
}

TEST(Folder, EmptyMissingAndStrangePlaces) {
  const TempFolder folder;
  const auto open = [](const fs::path& path) {
    return error_of([&] { open_frames(path, ColorWanted::kRgb); });
  };
  EXPECT_NE(open(folder.path()).find("no pictures in this folder"), std::string::npos);
  EXPECT_NE(open(folder / "none").find("none: No such file"), std::string::npos);
  EXPECT_NE(open("/dev/null").find("neither a file nor a folder"), std::string::npos);
}

TEST(Folder, OneStillIsAClipOfOneFrame) {
  const TempFolder folder;
  put(folder / "one.png", 3, 5, 77);
  EXPECT_EQ(read_all(folder / "one.png").size(), 1U);
}

}  // namespace
}  // namespace pluvia
