// SPDX-License-Identifier: Apache-2.0
// EXIF orientation against its own table: at which visual side row 0 and column 0 lie.
#include <gtest/gtest.h>

#include "datasets/media/exif.h"
#include "datasets/media/stills.h"
#include "tests/datasets/media/media_test_util.h"
#include "tests/datasets/media/png_builder.h"

namespace pluvia {
namespace {

using namespace testing;

std::string exif_block(int orientation, bool big_endian) {
  const char value = static_cast<char>(orientation);
  std::string block;
  if (big_endian) {
    block = std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19);
    block += value;
    return block + std::string(6, '\0');
  }
  block = std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18);
  block += value;
  return block + std::string(7, '\0');
}

struct Row {
  int orientation;
  const char* row0;
  const char* column0;
};

// EXIF 2.32, section 4.6.4 A, "Orientation".
constexpr Row kTable[] = {{1, "top", "left"},     {2, "top", "right"},  {3, "bottom", "right"},
                          {4, "bottom", "left"},  {5, "left", "top"},   {6, "right", "top"},
                          {7, "right", "bottom"}, {8, "left", "bottom"}};

// Where stored (row, column) of an HxW picture is seen.
std::pair<int, int> seen_at(const Row& entry, int row, int column, int height, int width) {
  const std::string side = entry.row0;
  const std::string other = entry.column0;
  if (side == "top" || side == "bottom") {
    return {side == "top" ? row : height - 1 - row, other == "left" ? column : width - 1 - column};
  }
  return {other == "top" ? column : width - 1 - column, side == "left" ? row : height - 1 - row};
}

TEST(Orientation, PngExifFollowsTheTable) {
  const TempFolder folder;
  const fs::path file = folder / "a.png";
  for (const Row& entry : kTable) {
    for (const bool big_endian : {false, true}) {
      PngSpec spec = {5, 7,     2,
                      8, false, [](int y, int x, int c) { return unsigned(40 * y + 5 * x + c); }};
      spec.chunks = {{"eXIf", exif_block(entry.orientation, big_endian)}};
      write_file(file, build_png(spec));
      MediaNotes notes;
      const Image<std::uint8_t> image = read_still(file, ColorWanted::kRgb, &notes);
      const StillSize size = probe_still(file);
      EXPECT_EQ(size.height, image.height());
      EXPECT_EQ(size.width, image.width());
      EXPECT_EQ(image.height(), entry.orientation < 5 ? 5 : 7);
      EXPECT_EQ(notes.count("orientation"), entry.orientation == 1 ? 0U : 1U);
      for (int y = 0; y < 5; ++y) {
        for (int x = 0; x < 7; ++x) {
          const auto [at_y, at_x] = seen_at(entry, y, x, 5, 7);
          ASSERT_EQ(image.view().at(at_y, at_x, 1), 40 * y + 5 * x + 1) << entry.orientation;
        }
      }
    }
  }
}

TEST(Orientation, JpegExif) {
  const TempFolder folder;
  const fs::path file = folder / "a.jpg";
  const Bytes plain = encode_jpeg(make_picture(16, 40, 1, 3).view(), 100);
  const std::string block = std::string("Exif\0\0", 6) + exif_block(6, true);
  std::string marker = "\xFF\xE1";
  marker += '\0';
  marker += static_cast<char>(block.size() + 2);
  marker += block;
  Bytes turned(plain.begin(), plain.begin() + 2);
  for (const char c : marker) turned.push_back(static_cast<std::byte>(c));
  turned.insert(turned.end(), plain.begin() + 2, plain.end());
  write_file(file, plain);
  const Image<std::uint8_t> stored = read_still(file, ColorWanted::kGrey, nullptr);
  write_file(file, turned);
  MediaNotes notes;
  const Image<std::uint8_t> image = read_still(file, ColorWanted::kGrey, &notes);
  ASSERT_EQ(image.height(), 40);
  ASSERT_EQ(image.width(), 16);
  EXPECT_EQ(notes["orientation"], "EXIF: rotated 90 degrees clockwise to be upright");
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 40; ++x) {
      ASSERT_EQ(image.view().at(x, 15 - y), stored.view().at(y, x));
    }
  }
}

TEST(Orientation, MalformedExifMeansAsStored) {
  for (const bool big_endian : {false, true}) {
    const std::string whole = exif_block(6, big_endian);
    for (std::size_t length = 0; length < 20; ++length) {
      const std::string_view cut = std::string_view(whole).substr(0, length);
      const Orientation found = read_exif_orientation(std::as_bytes(std::span(cut)));
      // The value is complete from byte 20 (MM) or 20 (II, two bytes) on.
      EXPECT_TRUE(found.identity() || length >= 20) << length;
    }
  }
  std::string wild = exif_block(6, true);
  wild.replace(4, 4, "\xFF\xFF\xFF\xF0");
  EXPECT_TRUE(read_exif_orientation(std::as_bytes(std::span(wild))).identity());
  const std::string unknown = exif_block(9, true);
  EXPECT_TRUE(read_exif_orientation(std::as_bytes(std::span(unknown))).identity());
}

}  // namespace
}  // namespace pluvia
