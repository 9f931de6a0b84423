// SPDX-License-Identifier: Apache-2.0
// BMP, TIFF and WebP: lossless ones exactly, lossy WebP against the ffmpeg program.
#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

TEST(OtherStill, LosslessFormatsExactly) {
  const TempFolder folder;
  const Image<std::uint8_t> image = make_picture(31, 45, 3, 8);
  write_png(folder / "a.png", image.view());
  for (const char* target : {"a.bmp", "a.tif", "-compression_algo deflate b.tiff",
                             "-compression_algo lzw c.tif", "-lossless 1 a.webp"}) {
    const std::string text = target;
    const std::size_t space = text.rfind(' ');
    const std::string name = space == std::string::npos ? text : text.substr(space + 1);
    const std::string options = space == std::string::npos ? "" : text.substr(0, space);
    const fs::path file = folder / name;
    ffmpeg("-i '" + (folder / "a.png").string() + "' " + options + " '" + file.string() + "'");
    const Image<std::uint8_t> seen = read_still(file, ColorWanted::kRgb, nullptr);
    EXPECT_EQ(max_difference(seen.view(), image.view()), 0) << name;
    EXPECT_EQ(probe_still(file).width, 45);
  }
}

TEST(OtherStill, SixteenBitTiff) {
  const TempFolder folder;
  Bytes raw;
  for (int i = 0; i < 64 * 64 * 3; ++i) {
    raw.push_back(static_cast<std::byte>(i * 5));
    raw.push_back(static_cast<std::byte>(i * 16 / 768));
  }
  write_file(folder / "a.raw", raw);
  ffmpeg("-f rawvideo -pix_fmt rgb48le -s 64x64 -i '" + (folder / "a.raw").string() + "' '" +
         (folder / "a.tiff").string() + "'");
  MediaNotes notes;
  const Image<std::uint8_t> image = read_still(folder / "a.tiff", ColorWanted::kRgb, &notes);
  EXPECT_EQ(notes["bit_depth"], "16 reduced to 8");
  for (std::size_t i = 0; i < image.pixels().size(); ++i) {
    const double value =
        std::to_integer<int>(raw[2 * i]) + 256.0 * std::to_integer<int>(raw[2 * i + 1]);
    ASSERT_EQ(image.pixels()[i], static_cast<int>(value / 257 + 0.5));
  }
}

TEST(OtherStill, LossyWebp) {
  const TempFolder folder;
  const fs::path file = folder / "a.webp";
  ffmpeg("-f lavfi -i testsrc2=s=160x800,gblur=3 -frames:v 1 -c:v libwebp -q:v 95 '" +
         file.string() + "'");
  MediaNotes notes;
  const Image<std::uint8_t> image = read_still(file, ColorWanted::kRgb, &notes);
  EXPECT_EQ(notes["color_matrix"], "BT.601");
  const Frames seen = ffmpeg_frames(file,
                                    "scale=in_color_matrix=bt601:in_range=tv:out_range=pc:"
                                    "flags=accurate_rnd+full_chroma_int+bicubic",
                                    800, 160, folder);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_LE(max_difference(image.view(), seen[0].view()), 2);
}

TEST(OtherStill, AnimatedWebpIsRefused) {
  const TempFolder folder;
  ffmpeg("-f lavfi -i testsrc2=s=64x48:r=5:d=1 -c:v libwebp_anim '" + (folder / "a.webp").string() +
         "'");
  const std::string text =
      error_of([&] { read_still(folder / "a.webp", ColorWanted::kRgb, nullptr); });
  EXPECT_NE(text.find("a.webp: is an animated WebP"), std::string::npos) << text;
}

TEST(OtherStill, TruncationsAreErrors) {
  const TempFolder folder;
  const Image<std::uint8_t> image = make_picture(16, 16, 3, 8);
  write_png(folder / "a.png", image.view());
  for (const char* name : {"a.bmp", "a.tif", "a.webp"}) {
    ffmpeg("-i '" + (folder / "a.png").string() + "' '" + (folder / name).string() + "'");
    const Bytes whole = read_file(folder / name);
    const Image<std::uint8_t> right = read_still(folder / name, ColorWanted::kRgb, nullptr);
    for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 97) {
      write_file(folder / "cut.bin",
                 Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      try {
        const Image<std::uint8_t> seen = read_still(folder / "cut.bin", ColorWanted::kRgb, nullptr);
        EXPECT_EQ(max_difference(seen.view(), right.view()), 0) << name << " " << length;
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("cut.bin"), std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace pluvia
