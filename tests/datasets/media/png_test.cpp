// SPDX-License-Identifier: Apache-2.0
// Reading against files built by hand from the standard, writing against the ffmpeg program.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "datasets/media/stills.h"
#include "tests/datasets/media/media_test_util.h"
#include "tests/datasets/media/png_builder.h"

namespace pluvia {
namespace {

using namespace testing;

unsigned scrambled(int y, int x, int c, int depth) {
  const unsigned h = static_cast<unsigned>(y * 7919 + x * 104729 + c * 1299709) * 2654435761U;
  return (h >> 13U) & ((1U << static_cast<unsigned>(depth)) - 1);
}

std::uint8_t expected_value(unsigned sample, int depth) {
  return static_cast<std::uint8_t>(std::lround(sample * 255.0 / ((1 << depth) - 1)));
}

struct Kind {
  int colour_type;
  int depth;
};

TEST(Png, EveryColourTypeDepthAndInterlacing) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  for (const Kind kind : {Kind{0, 1},
                          {0, 2},
                          {0, 4},
                          {0, 8},
                          {0, 16},
                          {2, 8},
                          {2, 16},
                          {4, 8},
                          {4, 16},
                          {6, 8},
                          {6, 16}}) {
    for (const bool interlaced : {false, true}) {
      const PngSpec spec = {13,
                            19,
                            kind.colour_type,
                            kind.depth,
                            interlaced,
                            [&](int y, int x, int c) { return scrambled(y, x, c, kind.depth); }};
      write_file(file, build_png(spec));
      MediaNotes notes;
      const Image<std::uint8_t> image = read_still(file, ColorWanted::kRgb, &notes);
      ASSERT_EQ(image.height(), 13);
      ASSERT_EQ(image.width(), 19);
      ASSERT_EQ(image.channels(), 3);
      for (int y = 0; y < 13; ++y) {
        for (int x = 0; x < 19; ++x) {
          for (int c = 0; c < 3; ++c) {
            const unsigned sample = spec.sample(y, x, kind.colour_type % 4 == 0 ? 0 : c);
            ASSERT_EQ(image.view().at(y, x, c), expected_value(sample, kind.depth))
                << kind.colour_type << " " << kind.depth << " " << interlaced;
          }
        }
      }
      EXPECT_EQ(notes.count("bit_depth"), kind.depth == 16 ? 1U : 0U);
      EXPECT_EQ(notes.count("alpha"), kind.colour_type >= 4 ? 1U : 0U);
    }
  }
}

TEST(Png, PaletteOfEveryDepth) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  for (const int depth : {1, 2, 4, 8}) {
    std::string palette;
    for (int i = 0; i < 3 << depth; ++i) palette += static_cast<char>(i * 37 + 11);
    PngSpec spec = {9,          17,
                    3,          depth,
                    depth == 4, [&](int y, int x, int c) { return scrambled(y, x, c, depth); }};
    spec.chunks = {{"PLTE", palette}};
    write_file(file, build_png(spec));
    const Image<std::uint8_t> image = read_still(file, ColorWanted::kRgb, nullptr);
    for (int y = 0; y < 9; ++y) {
      for (int x = 0; x < 17; ++x) {
        for (int c = 0; c < 3; ++c) {
          const auto at =
              static_cast<std::size_t>(spec.sample(y, x, 0) * 3) + static_cast<std::size_t>(c);
          ASSERT_EQ(image.view().at(y, x, c), static_cast<std::uint8_t>(palette[at])) << depth;
        }
      }
    }
  }
}

TEST(Png, TransparencyKeepsColoursAndIsNotedOnlyWhenItIsThere) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  PngSpec spec = {4, 4, 2, 8, false, [](int y, int x, int c) { return unsigned(40 * y + x + c); }};
  spec.chunks = {{"tRNS", std::string("\0\x28\0\x29\0\x2A", 6)}};  // the colour of (1, 0)
  write_file(file, build_png(spec));
  MediaNotes notes;
  EXPECT_EQ(read_still(file, ColorWanted::kRgb, &notes).view().at(1, 0, 2), 42);
  EXPECT_EQ(notes.count("alpha"), 1U);

  spec = {4, 4,     6,
          8, false, [](int y, int x, int c) { return c == 3 ? 255U : unsigned(y + x + c); }};
  write_file(file, build_png(spec));
  notes.clear();
  EXPECT_EQ(read_still(file, ColorWanted::kRgb, &notes).view().at(1, 2, 1), 4);
  EXPECT_TRUE(notes.empty());
}

TEST(Png, ProfilesAreNotedNotApplied) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  PngSpec spec = {2, 2, 0, 8, false, [](int, int, int) { return 100U; }};
  spec.chunks = {{"gAMA", std::string("\0\x01\x86\xA0", 4)}};  // 1.0: linear
  write_file(file, build_png(spec));
  MediaNotes notes;
  EXPECT_EQ(read_still(file, ColorWanted::kGrey, &notes).view().at(1, 1), 100);
  EXPECT_EQ(notes["gamma"], "gAMA 1 present: not applied");
  spec.chunks = {{"gAMA", std::string("\0\0\xB1\x8F", 4)}};  // 0.45455: what sRGB writes
  write_file(file, build_png(spec));
  notes.clear();
  read_still(file, ColorWanted::kGrey, &notes);
  EXPECT_TRUE(notes.empty());
}

TEST(Png, GreyIsTakenFromColourOnlyWhenChannelsAreEqual) {
  const TempFolder folder;
  const fs::path file = folder / "mask.png";
  Image<std::uint8_t> image(3, 5, 3);
  for (std::size_t i = 0; i < image.pixels().size(); ++i) {
    image.pixels()[i] = static_cast<std::uint8_t>(i / 3 * 16);
  }
  write_png(file, image.view());
  const Image<std::uint8_t> grey = read_still(file, ColorWanted::kGrey, nullptr);
  ASSERT_EQ(grey.channels(), 1);
  EXPECT_EQ(grey.view().at(2, 4), 14 * 16);
  image.view().at(2, 4, 1) = 7;
  write_png(file, image.view());
  const std::string text = error_of([&] { read_still(file, ColorWanted::kGrey, nullptr); });
  EXPECT_NE(text.find("mask.png"), std::string::npos) << text;
  EXPECT_NE(text.find("(x 4, y 2) is 224,7,224"), std::string::npos) << text;
}

TEST(Png, WriterAgainstFfmpeg) {
  const TempFolder folder;
  for (const int channels : {1, 3}) {
    for (const auto& [height, width] : {std::pair{1, 1}, {37, 53}, {64, 200}}) {
      const Image<std::uint8_t> image = make_picture(height, width, channels, 5);
      const fs::path file = folder / "a.png";
      write_png(file, image.view());
      EXPECT_FALSE(fs::exists(file.string() + ".part-" + std::to_string(::getpid())));
      const Frames seen = ffmpeg_frames(file, "", height, width, folder);
      ASSERT_EQ(seen.size(), 1U);
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          for (int c = 0; c < 3; ++c) {
            ASSERT_EQ(seen[0].view().at(y, x, c), image.view().at(y, x, channels == 3 ? c : 0));
          }
        }
      }
      const auto wanted = channels == 3 ? ColorWanted::kRgb : ColorWanted::kGrey;
      EXPECT_EQ(max_difference(read_still(file, wanted, nullptr).view(), image.view()), 0);
    }
  }
}

TEST(Png, WriterTakesStridedViews) {
  const Image<std::uint8_t> image = make_picture(20, 30, 3, 9);
  const TempFolder folder;
  write_png(folder / "a.png", image.view().crop(3, 4, 10, 11));
  const Image<std::uint8_t> seen = read_still(folder / "a.png", ColorWanted::kRgb, nullptr);
  EXPECT_EQ(max_difference(seen.view(), image.view().crop(3, 4, 10, 11)), 0);
}

TEST(Png, FullDiskAndMissingFolderAreErrors) {
  const Image<std::uint8_t> image = make_picture(64, 64, 3, 1);
  const TempFolder folder;
  EXPECT_NE(error_of([&] { write_png(folder / "no/a.png", image.view()); }).find("No such file"),
            std::string::npos);
  // The temporary name leads to a device that is always full.
  const fs::path temporary = (folder / "a.png").string() + ".part-" + std::to_string(::getpid());
  fs::create_symlink("/dev/full", temporary);
  const std::string text = error_of([&] { write_png(folder / "a.png", image.view()); });
  EXPECT_NE(text.find("No space left"), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(folder / "a.png"));
  EXPECT_FALSE(fs::is_symlink(temporary));
}

TEST(Png, EveryTruncationIsAnErrorThatNamesTheFile) {
  const TempFolder folder;
  const fs::path file = folder / "cut.png";
  for (const bool interlaced : {false, true}) {
    const Bytes whole = build_png(
        {16, 16, 2, 8, interlaced, [](int y, int x, int c) { return scrambled(y, x, c, 8); }});
    for (std::size_t length = 0; length < whole.size(); ++length) {
      write_file(file, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      const std::string text = error_of([&] { read_still(file, ColorWanted::kRgb, nullptr); });
      ASSERT_NE(text.find("cut.png"), std::string::npos) << length << " " << text;
    }
  }
}

TEST(Png, EveryFlippedBitIsAnErrorOrHarmless) {
  const TempFolder folder;
  const fs::path file = folder / "flip.png";
  const Bytes whole =
      build_png({7, 9, 0, 8, false, [](int y, int x, int) { return unsigned(20 * y + x); }});
  write_file(file, whole);
  const Image<std::uint8_t> right = read_still(file, ColorWanted::kGrey, nullptr);
  int refused = 0;
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    Bytes flipped = whole;
    flipped[i / 8] ^= std::byte{1} << (i % 8);
    write_file(file, flipped);
    try {
      EXPECT_EQ(max_difference(read_still(file, ColorWanted::kGrey, nullptr).view(), right.view()),
                0);
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, static_cast<int>(whole.size() * 8 * 95 / 100));
}

TEST(Png, HeadersThatLieAreRefusedBeforeMemoryIsTaken) {
  const TempFolder folder;
  const fs::path file = folder / "bomb.png";
  PngSpec spec = {1, 1, 0, 8, false, [](int, int, int) { return 0U; }};
  const auto read_declared = [&](int height, int width) {
    spec.declared_height = height;
    spec.declared_width = width;
    write_file(file, build_png(spec));
    return error_of([&] { read_still(file, ColorWanted::kRgb, nullptr); });
  };
  EXPECT_NE(
      read_declared(1, 20000).find("bomb.png: declares 20000x1 pixels, expected at most 16384"),
      std::string::npos);
  EXPECT_NE(read_declared(16000, 16000).find("134217728 in all"), std::string::npos);
  EXPECT_NE(read_declared(8192, 8192).find("bytes can hold"), std::string::npos)
      << read_declared(8192, 8192);
}

TEST(Png, TextNamedPngIsRefusedByName) {
  const TempFolder folder;
  for (const char* text : {"hello, I am a text file, longer than a header", "x"}) {
    const auto* first = reinterpret_cast<const std::byte*>(text);
    write_file(folder / "note.png", Bytes(first, first + std::strlen(text)));
    const std::string message =
        error_of([&] { read_still(folder / "note.png", ColorWanted::kRgb, nullptr); });
    EXPECT_NE(message.find("note.png: not a picture"), std::string::npos) << message;
  }
  write_file(folder / "empty.png", {});
  EXPECT_NE(error_of([&] { probe_still(folder / "empty.png"); }).find("is empty"),
            std::string::npos);
  EXPECT_NE(error_of([&] { probe_still(folder.path()); }).find("it is a folder"),
            std::string::npos);
  EXPECT_NE(error_of([&] { probe_still(folder / "none.png"); }).find("No such file"),
            std::string::npos);
}

}  // namespace
}  // namespace pluvia
