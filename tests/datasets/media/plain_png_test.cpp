// SPDX-License-Identifier: Apache-2.0
// The fast way for plain PNG files against libpng's reader: the same pictures, and nothing at all
// for files that are not plain or not whole.
#include "datasets/media/plain_png.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "datasets/media/still_codecs.h"
#include "datasets/media/stills.h"
#include "tests/datasets/media/media_test_util.h"
#include "tests/datasets/media/png_builder.h"

namespace pluvia {
namespace {

using namespace testing;

unsigned scrambled(int y, int x, int c) {
  const unsigned h = static_cast<unsigned>(y * 7919 + x * 104729 + c * 1299709) * 2654435761U;
  return (h >> 13U) & 255U;
}

// Smooth in one half and noise in the other: every branch of Paeth, sums beyond 255.
unsigned sample(int y, int x, int c) {
  const auto smooth = static_cast<unsigned>(40 * c + 5 * x + 3 * y);
  return x % 20 < 10 ? smooth & 255U : scrambled(y, x, c);
}

PngSpec spec_of(int height, int width, int colour_type) {
  return {height, width, colour_type, 8, false, sample};
}

Image<std::uint8_t> by_libpng(const fs::path& file) {
  MediaNotes notes;
  Image<std::uint8_t> image = decode_png(file, notes).image;
  EXPECT_TRUE(notes.empty());
  return image;
}

template <typename Read>
std::string read_error(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void expect_equal(const fs::path& file) {
  const std::optional<Image<std::uint8_t>> fast = decode_plain_png(file);
  const Image<std::uint8_t> right = by_libpng(file);
  ASSERT_TRUE(fast);
  ASSERT_EQ(fast->channels(), right.channels());
  EXPECT_EQ(max_difference(fast->view(), right.view()), 0);
}

TEST(PlainPng, EveryFilterAndWidth) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  for (const int colour_type : {0, 2}) {
    for (int width = 1; width <= 40; ++width) {
      for (int filter = 0; filter <= 5; ++filter) {
        PngSpec spec = spec_of(7, width, colour_type);
        spec.filter = [&](int y) { return filter < 5 ? filter : (y * 3 + 1) % 5; };
        write_file(file, build_png(spec));
        SCOPED_TRACE(cat(colour_type, " ", width, " ", filter));
        expect_equal(file);
      }
    }
  }
}

TEST(PlainPng, ManyChunksAndHarmlessOnes) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  PngSpec spec = spec_of(31, 57, 2);
  spec.idat_bytes = 11;
  spec.chunks = {{"pHYs", std::string(9, '\1')}, {"tEXt", std::string("Author\0me", 9)}};
  write_file(file, build_png(spec));
  expect_equal(file);
}

TEST(PlainPng, OtherKindsAreLeftToLibpng) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  const auto taken = [&](const PngSpec& spec) {
    write_file(file, build_png(spec));
    by_libpng(file);
    return decode_plain_png(file).has_value();
  };
  for (const int colour_type : {0, 2, 4, 6}) {
    for (const int depth : {1, 2, 4, 8, 16}) {
      if (depth < 8 && colour_type != 0) continue;
      for (const bool interlaced : {false, true}) {
        PngSpec spec = spec_of(9, 13, colour_type);
        const unsigned most = (1U << static_cast<unsigned>(depth)) - 1;
        spec.depth = depth;
        spec.interlaced = interlaced;
        spec.sample = [=](int y, int x, int c) {
          const bool alpha = colour_type >= 4 && c == spec.channels() - 1;
          return alpha ? most : sample(y, x, c) & most;
        };
        const bool plain = depth == 8 && !interlaced && (colour_type == 0 || colour_type == 2);
        write_file(file, build_png(spec));
        EXPECT_EQ(decode_plain_png(file).has_value(), plain) << colour_type << " " << depth;
      }
    }
  }
  PngSpec palette = spec_of(9, 13, 3);
  palette.chunks = {{"PLTE", std::string(768, '\7')}};
  EXPECT_FALSE(taken(palette));
  for (const char* name : {"tRNS", "sRGB", "eXIf"}) {
    PngSpec spec = spec_of(9, 13, 0);
    spec.chunks = {{name, std::string(name[0] == 't' ? 2 : 1, '\0')}};
    write_file(file, build_png(spec));
    EXPECT_FALSE(decode_plain_png(file)) << name;
  }
}

// The same files pass and fail as when they are read, but for pixels packed wrongly.
TEST(PlainPng, CheckSumsAreEnough) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  PngSpec spec = spec_of(6, 9, 2);
  write_file(file, build_png(spec));
  EXPECT_TRUE(is_whole_plain_png(file));
  EXPECT_NO_THROW(check_still(file, ColorWanted::kRgb, nullptr));
  EXPECT_THROW(check_still(file, ColorWanted::kGrey, nullptr), Error) << "its channels differ";
  spec.colour_type = 6;
  write_file(file, build_png(spec));
  EXPECT_FALSE(is_whole_plain_png(file));
  EXPECT_EQ(read_error([&] { check_still(file, ColorWanted::kRgb, nullptr); }),
            read_error([&] { read_still(file, ColorWanted::kRgb, nullptr); }));
}

TEST(PlainPng, DamagedFilesAreLeftToLibpng) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  PngSpec spec = spec_of(6, 9, 2);
  spec.filter = [](int y) { return y % 5; };
  const Bytes whole = build_png(spec);
  for (std::size_t length = 1; length < whole.size(); ++length) {
    write_file(file, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    EXPECT_FALSE(decode_plain_png(file)) << length;
    EXPECT_THROW(check_still(file, ColorWanted::kRgb, nullptr), Error) << length;
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; bit += 5) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= std::byte{1} << (bit % 8);
    write_file(file, flipped);
    EXPECT_FALSE(decode_plain_png(file)) << bit;
    EXPECT_FALSE(is_whole_plain_png(file)) << bit;
  }
  Bytes longer = whole;
  longer.push_back(std::byte{0});
  write_file(file, longer);
  EXPECT_FALSE(decode_plain_png(file));
  spec.filter = [](int y) { return y == 4 ? 5 : 0; };
  write_file(file, build_png(spec));
  EXPECT_FALSE(decode_plain_png(file));
  spec.filter = {};
  for (const int more : {-1, 1}) {  // rows that are missing, rows too many
    spec.declared_height = spec.height + more;
    write_file(file, build_png(spec));
    EXPECT_FALSE(decode_plain_png(file)) << more;
  }
}

}  // namespace
}  // namespace pluvia
