// SPDX-License-Identifier: Apache-2.0
// JPEG against the ffmpeg program. Two decoders agree to a few code values only: the standard
// leaves the inverse transform's rounding open (+-1 per component, up to 2-3 after the colour
// matrix), and interpolates chroma as it likes, so subsampled files are compared on smooth
// pictures, loosely at their odd borders and tightly in the mean.
#include <gtest/gtest.h>

#include "core/error.h"
#include "datasets/media/jpeg_guard.h"
#include "datasets/media/stills.h"
#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

// A JPEG straight from libjpeg, for what ffmpeg does not write.
Bytes encode(ImageView<const std::uint8_t> image, J_COLOR_SPACE space, bool progressive) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &out, &size);
  info.image_width = static_cast<JDIMENSION>(image.width());
  info.image_height = static_cast<JDIMENSION>(image.height());
  info.input_components = image.channels();
  info.in_color_space = space;
  jpeg_set_defaults(&info);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < image.height(); ++y) {
    auto* row = const_cast<JSAMPROW>(image.row(y).data());
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  const auto* first = reinterpret_cast<const std::byte*>(out);
  Bytes bytes(first, first + size);
  jpeg_destroy_compress(&info);
  std::free(out);
  return bytes;
}

TEST(Jpeg, AgainstFfmpeg) {
  const TempFolder folder;
  for (const char* format : {"yuvj444p", "yuvj420p", "yuvj422p", "gray"}) {
    const fs::path file = folder / "a.jpg";
    ffmpeg(
        "-f lavfi -i testsrc2=s=204x102,crop=203:101:0:0:exact=1,gblur=12 -frames:v 1 -q:v 2 "
        "-pix_fmt " +
        std::string(format) + " '" + file.string() + "'");
    MediaNotes notes;
    const Image<std::uint8_t> image = read_still(file, ColorWanted::kRgb, &notes);
    const Frames seen = ffmpeg_frames(
        file, "scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp+bicubic", 101, 203, folder);
    ASSERT_EQ(seen.size(), 1U);
    const int worst = max_difference(image.view(), seen[0].view());
    EXPECT_GE(worst, 0);
    const bool subsampled = std::string(format).find("42") != std::string::npos;
    EXPECT_LE(worst, subsampled ? 10 : 4) << format;
    EXPECT_LT(mean_difference(image.view(), seen[0].view()), 1.5) << format;
    EXPECT_EQ(notes.count("chroma"), subsampled ? 1U : 0U);
    EXPECT_EQ(notes["compression"], "JPEG: lossy");
  }
}

TEST(Jpeg, WriterAgainstFfmpeg) {
  const TempFolder folder;
  for (const int channels : {1, 3}) {
    const Image<std::uint8_t> image = make_picture(40, 61, channels, 2);
    write_file(folder / "a.jpg", encode_jpeg(image.view(), 98));
    const Frames seen = ffmpeg_frames(folder / "a.jpg", "", 40, 61, folder);
    ASSERT_EQ(seen.size(), 1U);
    Image<std::uint8_t> rgb(40, 61, 3);
    for (int y = 0; y < 40; ++y) {
      for (int x = 0; x < 61; ++x) {
        for (int c = 0; c < 3; ++c)
          rgb.view().at(y, x, c) = image.view().at(y, x, channels == 3 ? c : 0);
      }
    }
    EXPECT_LE(max_difference(seen[0].view(), rgb.view()), 10);
  }
}

TEST(Jpeg, CmykIsRefused) {
  const TempFolder folder;
  write_file(folder / "print.jpg", encode(make_picture(8, 8, 4, 1).view(), JCS_CMYK, false));
  const std::string text =
      error_of([&] { read_still(folder / "print.jpg", ColorWanted::kRgb, nullptr); });
  EXPECT_NE(text.find("print.jpg: is a CMYK JPEG"), std::string::npos) << text;
}

TEST(Jpeg, EveryTruncationIsAnError) {
  const TempFolder folder;
  const fs::path file = folder / "cut.jpg";
  for (const bool progressive : {false, true}) {
    const Bytes whole = encode(make_picture(16, 16, 3, 4).view(), JCS_RGB, progressive);
    write_file(file, whole);
    EXPECT_EQ(read_still(file, ColorWanted::kRgb, nullptr).height(), 16);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      write_file(file, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
      const std::string text = error_of([&] { read_still(file, ColorWanted::kRgb, nullptr); });
      ASSERT_NE(text.find("cut.jpg"), std::string::npos) << length << text;
    }
  }
}

TEST(Jpeg, FlippedBitsNeverCrash) {
  const TempFolder folder;
  const fs::path file = folder / "flip.jpg";
  const Bytes whole = encode(make_picture(24, 24, 3, 4).view(), JCS_RGB, true);
  int refused = 0;
  for (std::size_t i = 0; i < whole.size() * 8; i += 11) {
    Bytes flipped = whole;
    flipped[i / 8] ^= std::byte{1} << (i % 8);
    write_file(file, flipped);
    try {
      // JPEG has no check sum: what can be decoded without a complaint has a plausible size.
      EXPECT_FALSE(read_still(file, ColorWanted::kRgb, nullptr).empty());
    } catch (const Error& error) {
      ++refused;
      EXPECT_NE(std::string(error.what()).find("flip.jpg"), std::string::npos) << error.what();
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Jpeg, ContentDecidesNotTheName) {
  const TempFolder folder;
  write_file(folder / "a.png", encode(make_picture(8, 8, 3, 4).view(), JCS_RGB, false));
  MediaNotes notes;
  read_still(folder / "a.png", ColorWanted::kRgb, &notes);
  EXPECT_EQ(notes["compression"], "JPEG: lossy");
}

}  // namespace
}  // namespace pluvia
