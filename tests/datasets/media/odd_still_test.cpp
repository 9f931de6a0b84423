// SPDX-License-Identifier: Apache-2.0
// Pictures that hold something else than one picture in grey or RGB: named, not guessed.
#include "tests/datasets/media/png_builder.h"

namespace pluvia {
namespace {

using namespace testing;

using Tags = std::vector<std::array<std::uint32_t, 2>>;

void append(Bytes& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<std::byte>(value >> static_cast<unsigned>(8 * i)));
  }
}

/// A directory of short numbers, one value each, in the order of tags.
void append_directory(Bytes& out, const Tags& tags, std::uint32_t next) {
  append(out, static_cast<std::uint32_t>(tags.size()), 2);
  for (const auto& [tag, value] : tags) {
    append(out, tag, 2);
    append(out, 3, 2);
    append(out, 1, 4);
    append(out, value, 4);
  }
  append(out, next, 4);
}

/// TIFF 6.0, little endian, 2x1 pixels of three 8-bit samples behind the header; `more` adds tags.
Bytes tiff(const std::array<int, 6>& samples, std::uint32_t compression, std::uint32_t photometric,
           const Tags& more = {}, const Tags& second = {}) {
  Bytes out;
  append(out, 0x002A4949, 4);
  const std::uint32_t first_at = 24;
  append(out, first_at, 4);
  for (const int sample : samples) append(out, static_cast<std::uint32_t>(sample), 1);
  append(out, 0, 2);
  for (int i = 0; i < 3; ++i) append(out, 8, 2);
  append(out, 0, 2);
  const Tags tags = {{256, 2}, {257, 1}};
  Bytes body;
  const Tags rest = {{259, compression}, {262, photometric}, {273, 8}, {277, 3},
                     {278, 1},           {279, 6},           {284, 1}};
  const std::size_t count = tags.size() + 1 + rest.size() + more.size();
  append(body, static_cast<std::uint32_t>(count), 2);
  const auto entry = [&body](std::uint32_t tag, std::uint32_t values, std::uint32_t value) {
    append(body, tag, 2);
    append(body, 3, 2);
    append(body, values, 4);
    append(body, value, 4);
  };
  for (const auto& [tag, value] : tags) entry(tag, 1, value);
  entry(258, 3, 16);  // the depths lie at byte 16
  for (const auto& [tag, value] : rest) entry(tag, 1, value);
  for (const auto& [tag, value] : more) entry(tag, 1, value);
  const auto end = first_at + 2 + 12 * static_cast<std::uint32_t>(count) + 4;
  append(body, second.empty() ? 0 : end, 4);
  out.insert(out.end(), body.begin(), body.end());
  if (!second.empty()) append_directory(out, second, 0);
  return out;
}

std::string refusal(const TempFolder& folder, const Bytes& file) {
  write_file(folder / "a.tif", file);
  return error_of([&] { read_still(folder / "a.tif", ColorWanted::kRgb, nullptr); });
}

TEST(OddTiff, PlainOneIsRead) {
  const TempFolder folder;
  write_file(folder / "a.tif", tiff({1, 2, 3, 250, 251, 252}, 1, 2));
  const Image<std::uint8_t> seen = read_still(folder / "a.tif", ColorWanted::kRgb, nullptr);
  EXPECT_EQ(seen.view().at(0, 1, 2), 252);
}

// TIFF 6.0, section 21: ReferenceBlackWhite's default is the full range.
TEST(OddTiff, YcbcrIsOfFullRange) {
  const TempFolder folder;
  write_file(folder / "a.tif", tiff({255, 128, 128, 8, 128, 128}, 1, 6, {{530, 1}}));
  Bytes file = read_file(folder / "a.tif");
  // YCbCrSubSampling has two values: 1 and 1.
  const std::size_t at = file.size() - 4 - 8;
  file[at] = std::byte{2};
  file[at + 6] = std::byte{1};
  write_file(folder / "a.tif", file);
  MediaNotes notes;
  const Image<std::uint8_t> seen = read_still(folder / "a.tif", ColorWanted::kRgb, &notes);
  EXPECT_EQ(seen.view().at(0, 0, 0), 255);
  EXPECT_EQ(seen.view().at(0, 1, 1), 8);
  EXPECT_EQ(notes["color_range"], "full");
}

TEST(OddTiff, WhatWouldComeOutWrongIsNamed) {
  const TempFolder folder;
  const std::array<int, 6> any = {1, 2, 3, 4, 5, 6};
  EXPECT_NE(refusal(folder, tiff(any, 7, 2)).find("JPEG data inside"), std::string::npos);
  EXPECT_NE(refusal(folder, tiff(any, 1, 5)).find("CMYK"), std::string::npos);
  EXPECT_NE(refusal(folder, tiff(any, 1, 8)).find("Lab"), std::string::npos);
  EXPECT_NE(refusal(folder, tiff(any, 1, 2, {{339, 3}})).find("floating point"), std::string::npos);
  const Tags copy = {{254, 1}, {256, 1}};
  const Tags page = {{256, 1}};
  EXPECT_NE(refusal(folder, tiff(any, 1, 2, {}, page)).find("several pictures"), std::string::npos);
  write_file(folder / "a.tif", tiff(any, 1, 2, {}, copy));
  EXPECT_EQ(read_still(folder / "a.tif", ColorWanted::kRgb, nullptr).view().at(0, 0, 0), 1);
}

TEST(OddPng, AnimatedOnesAreRefused) {
  const TempFolder folder;
  for (const char pictures : {'\1', '\3'}) {
    const std::string control = std::string(3, '\0') + pictures + std::string(4, '\0');
    const PngSpec spec = {
        .height = 2,
        .width = 3,
        .colour_type = 2,
        .sample = [](int y, int x, int c) { return static_cast<unsigned>(y + x + c); },
        .chunks = {{"acTL", control}}};
    write_file(folder / "a.png", build_png(spec));
    if (pictures == '\1') {
      EXPECT_EQ(read_still(folder / "a.png", ColorWanted::kRgb, nullptr).view().at(1, 2, 2), 5);
      continue;
    }
    const std::string text =
        error_of([&] { read_still(folder / "a.png", ColorWanted::kRgb, nullptr); });
    EXPECT_NE(text.find("animated PNG of 3 pictures"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace pluvia
