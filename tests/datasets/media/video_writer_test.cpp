// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video_writer.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

void write_clip(const fs::path& file, const Frames& frames, double fps) {
  const auto writer = create_video(file, {frames[0].height(), frames[0].width(), fps});
  for (const Image<std::uint8_t>& frame : frames) writer->add(frame.view());
  writer->finish();
}

Frames make_clip(int height, int width, int channels) {
  Frames frames;
  for (unsigned i = 0; i < 7; ++i) frames.push_back(make_picture(height, width, channels, i));
  return frames;
}

std::size_t files_in(const TempFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

TEST(VideoWriter, LosslessFormatsGiveBackEveryPixel) {
  const TempFolder folder;
  for (const char* name : {"a.mkv", "a.avi"}) {
    const Frames clip = make_clip(61, 97, 3);
    write_clip(folder / name, clip, 29.97);
    const Frames ours = read_all(folder / name);
    const Frames theirs = ffmpeg_frames(folder / name, "", 61, 97, folder);
    ASSERT_EQ(ours.size(), 7U);
    ASSERT_EQ(theirs.size(), 7U);
    for (std::size_t i = 0; i < 7; ++i) {
      EXPECT_EQ(max_difference(ours[i].view(), clip[i].view()), 0);
      EXPECT_EQ(max_difference(theirs[i].view(), clip[i].view()), 0);
    }
    EXPECT_NEAR(open_frames(folder / name, ColorWanted::kRgb)->info().fps, 29.97, 0.01);
  }
}

TEST(VideoWriter, Mp4HasTheRightColours) {
  const TempFolder folder;
  for (const auto& [height, width] : {std::pair{64, 96}, {61, 97}}) {
    Frames clip;
    for (const auto& rgb :
         {std::array{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}, {90, 120, 60}}) {
      Image<std::uint8_t> image(height, width, 3);
      for (std::size_t i = 0; i < image.pixels().size(); ++i) {
        image.pixels()[i] = static_cast<std::uint8_t>(rgb[i % 3]);
      }
      clip.push_back(std::move(image));
    }
    write_clip(folder / "a.mp4", clip, 25);
    const Frames ours = read_all(folder / "a.mp4");
    const Frames theirs = ffmpeg_frames(
        folder / "a.mp4", "scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd", height,
        width, folder);
    ASSERT_EQ(ours.size(), 5U);
    ASSERT_EQ(theirs.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
      // Two 8-bit roundings and x264 at crf 16.
      EXPECT_LE(max_difference(ours[i].view(), clip[i].view()), 4) << i;
      EXPECT_LE(max_difference(theirs[i].view(), clip[i].view()), 4) << i;
    }
    MediaNotes notes;
    read_all(folder / "a.mp4", &notes);
    EXPECT_EQ(notes["color_matrix"], "BT.709");
    EXPECT_EQ(notes.count("assumed"), 0U);
  }
}

TEST(VideoWriter, GreyFramesAreReplicated) {
  const TempFolder folder;
  const Frames clip = make_clip(20, 32, 1);
  write_clip(folder / "a.mkv", clip, 10);
  const auto source = open_frames(folder / "a.mkv", ColorWanted::kGrey);
  Image<std::uint8_t> frame;
  for (const Image<std::uint8_t>& expected : clip) {
    ASSERT_TRUE(source->next(frame));
    EXPECT_EQ(max_difference(frame.view(), expected.view()), 0);
  }
}

TEST(VideoWriter, NothingIsLeftOfAFileThatWasNotFinished) {
  const TempFolder folder;
  {
    const auto writer = create_video(folder / "a.mp4", {64, 64, 25});
    writer->add(make_picture(64, 64, 3, 1).view());
    EXPECT_EQ(files_in(folder), 1U);
  }
  EXPECT_EQ(files_in(folder), 0U);
}

TEST(VideoWriter, WrongUseIsSaidClearly) {
  const TempFolder folder;
  const auto create = [&](const char* name, double fps) {
    return error_of([&] { create_video(folder / name, {64, 64, fps}); });
  };
  EXPECT_NE(create("a.xyz", 25).find("no video format ends in '.xyz'"), std::string::npos);
  EXPECT_NE(create("a.mp4", 0).find("0 frames per second"), std::string::npos);
  EXPECT_NE(create("no/a.mp4", 25).find("No such file"), std::string::npos);
  EXPECT_NE(error_of([&] {
              create_video(folder / "a.mkv", {64, 64, 25})->finish();
            }).find("no frames"),
            std::string::npos);
  EXPECT_EQ(files_in(folder), 0U);
}

}  // namespace
}  // namespace pluvia
