// SPDX-License-Identifier: Apache-2.0
// A damaged video is an Error that names it, never a crash and never a shorter clip.
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

struct Container {
  const char* name;
  const char* options;
};

constexpr Container kContainers[] = {
    {"a.mp4", "-pix_fmt yuv420p -c:v libx264 -bf 2"},
    {"b.mp4", "-pix_fmt yuv420p -c:v libx264 -bf 2 -movflags +faststart"},
    {"c.mkv", "-pix_fmt yuv420p -c:v libx264 -bf 2"},
    {"d.avi", "-c:v mpeg4 -q:v 3"},
    {"e.mkv", "-pix_fmt bgr0 -c:v ffv1 -level 3 -slicecrc 1"},
    {"f.mp4", "-pix_fmt yuv420p -c:v libx264 -g 5 -movflags frag_keyframe+empty_moov"},
};

// Cut between two of its packets a stream is a shorter one; `unit` keeps away from that.
struct Stream {
  Container container;
  std::size_t unit;
};

constexpr Stream kStreams[] = {
    {{"a.ts", "-c:v mpeg2video -q:v 3"}, 188}, {{"b.m2ts", "-pix_fmt yuv420p -c:v libx264"}, 192},
    {{"c.flv", "-c:v flv -q:v 3"}, 0},         {{"d.ogv", "-c:v libtheora -q:v 7"}, 0},
    {{"e.y4m", "-pix_fmt yuv420p"}, 0},
};

TEST(VideoDamage, TruncatedStreamsAreErrors) {
  const TempFolder folder;
  for (const auto& [c, unit] : kStreams) {
    const fs::path file = folder / c.name;
    ffmpeg("-f lavfi -i testsrc2=s=64x48:r=25:d=0.6 " + std::string(c.options) + " '" +
           file.string() + "'");
    const Bytes whole = read_file(file);
    EXPECT_GE(read_all(file).size(), 8U) << c.name;  // Theora leaves equal frames out
    const fs::path cut = folder / ("cut" + fs::path(c.name).extension().string());
    for (std::size_t i = 1; i < 40; ++i) {
      std::size_t length = i < 20 ? whole.size() - i : whole.size() * (i - 20) / 20 + 2;
      if (unit > 0 && length % unit == 0) ++length;
      write_file(cut, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      EXPECT_NE(error_of([&] { read_all(cut); }).find("cut."), std::string::npos)
          << c.name << " cut to " << length << " of " << whole.size();
    }
  }
}

TEST(VideoDamage, TruncationsAreErrors) {
  const TempFolder folder;
  for (const Container& c : kContainers) {
    const fs::path file = folder / c.name;
    ffmpeg("-f lavfi -i testsrc2=s=64x48:r=25:d=0.6 " + std::string(c.options) + " '" +
           file.string() + "'");
    const Bytes whole = read_file(file);
    const std::size_t count = read_all(file).size();
    EXPECT_EQ(count, 15U) << c.name;
    const fs::path cut = folder / ("cut" + fs::path(c.name).extension().string());
    int whole_clips = 0;
    for (int i = 0; i < 60; ++i) {
      const std::size_t length = i < 20 ? whole.size() - 1 - static_cast<std::size_t>(i) * 7
                                        : whole.size() * static_cast<std::size_t>(i - 20) / 40;
      write_file(cut, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      try {
        EXPECT_EQ(read_all(cut).size(), count)
            << c.name << " cut to " << length << " of " << whole.size();
        ++whole_clips;
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(cut.filename().string()), std::string::npos)
            << error.what();
      }
    }
    // Only what lies behind the last picture may be missing.
    EXPECT_LE(whole_clips, 3) << c.name;
  }
}

TEST(VideoDamage, FlippedBytesNeverCrashNorShorten) {
  const TempFolder folder;
  for (const Container& c : kContainers) {
    const fs::path file = folder / c.name;
    ffmpeg("-f lavfi -i testsrc2=s=64x48:r=25:d=0.6 " + std::string(c.options) + " '" +
           file.string() + "'");
    const Bytes whole = read_file(file);
    for (int i = 0; i < 40; ++i) {
      Bytes flipped = whole;
      flipped[whole.size() * static_cast<std::size_t>(i) / 40 + 13] ^= std::byte{0x5A};
      write_file(file, flipped);
      try {
        EXPECT_LE(read_all(file).size(), 1000U);
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find(c.name), std::string::npos) << error.what();
      }
    }
  }
}

TEST(VideoDamage, ZeroedPicturesAreNamed) {
  const TempFolder folder;
  const fs::path file = folder / "a.mp4";
  ffmpeg(
      "-f lavfi -i testsrc2=s=320x240:r=25:d=1 -pix_fmt yuv420p -c:v libx264 -movflags +faststart "
      "'" +
      file.string() + "'");
  Bytes bytes = read_file(file);
  // An interrupted download that had reserved its space.
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * 2 / 3), bytes.end(),
            std::byte{0});
  write_file(file, bytes);
  const std::string text = error_of([&] { read_all(file); });
  EXPECT_NE(text.find("a.mp4: frame "), std::string::npos) << text;
  EXPECT_NE(text.find("of 25"), std::string::npos) << text;
}

TEST(VideoDamage, WhatIsNotAVideoIsSaidClearly) {
  const TempFolder folder;
  const auto open = [&](const char* name, const std::string& contents) {
    const auto* first = reinterpret_cast<const std::byte*>(contents.data());
    write_file(folder / name, Bytes(first, first + contents.size()));
    return error_of([&] { open_frames(folder / name, ColorWanted::kRgb); });
  };
  EXPECT_NE(open("text.mp4", "These are words.\nMore words.\n").find("text.mp4: is not a video"),
            std::string::npos);
  EXPECT_NE(open("empty.mp4", "").find("empty.mp4: "), std::string::npos);
  // Scripts that make libav open other files.
  EXPECT_NE(open("list.mp4", "ffconcat version 1.0\nfile /etc/hostname\n").find("is not a video"),
            std::string::npos);
  EXPECT_NE(open("play.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/hostname\n")
                .find("is not a video"),
            std::string::npos);
  ffmpeg("-f lavfi -i sine=d=0.2 '" + (folder / "sound.mp4").string() + "'");
  EXPECT_NE(error_of([&] {
              open_frames(folder / "sound.mp4", ColorWanted::kRgb);
            }).find("sound.mp4: has no video stream"),
            std::string::npos);
}

TEST(VideoDamage, AChangeOfSizeNamesTheFrame) {
  const TempFolder folder;
  for (const char* size : {"64x48", "80x48"}) {
    ffmpeg("-f lavfi -i testsrc2=s=" + std::string(size) +
           ":r=25:d=0.2 -pix_fmt yuv420p -c:v libx264 '" +
           (folder / (std::string(size) + ".ts")).string() + "'");
  }
  Bytes both = read_file(folder / "64x48.ts");
  const Bytes second = read_file(folder / "80x48.ts");
  both.insert(both.end(), second.begin(), second.end());
  write_file(folder / "joined.ts", both);
  ffmpeg("-v quiet -i '" + (folder / "joined.ts").string() + "' -c copy '" +
         (folder / "both.ts").string() + "'");
  const std::string text = error_of([&] { read_all(folder / "both.ts"); });
  EXPECT_NE(text.find("both.ts: frame 5 is 80x48"), std::string::npos) << text;
}

}  // namespace
}  // namespace pluvia
