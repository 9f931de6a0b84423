// SPDX-License-Identifier: Apache-2.0
// Decoding against a formula (colour) and against the ffmpeg program (frames, order, chroma).
//
// Both programs may use the same swscale, so colour has an oracle of its own: lossless YUV files
// whose samples are known, compared with H.273's equations in double precision.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "core/error.h"
#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

// What the reader does, said to the program: MPEG's chroma position, accurate rounding.
std::string as_rgb(const std::string& matrix, const std::string& range, bool half_height = true) {
  return "scale=in_color_matrix=" + matrix + ":in_range=" + range + ":out_range=pc:in_h_chr_pos=0" +
         (half_height ? ":in_v_chr_pos=128" : "") +
         ":flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact";
}

void expect_equal(const Frames& a, const Frames& b, int tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int worst = max_difference(a[i].view(), b[i].view());
    ASSERT_GE(worst, 0);
    ASSERT_LE(worst, tolerance) << "frame " << i;
  }
}

struct Matrix {
  const char* tag;
  double kr, kb;
};

// Random samples of the nominal limited range at `depth` bits, 4:4:4; the picture is 32 x `height`.
Bytes make_yuv(int height, int depth) {
  Bytes raw;
  unsigned state = 1;
  for (int i = 0; i < 32 * height * 3; ++i) {
    state = state * 1664525U + 1013904223U;
    const unsigned levels = i < 32 * height ? 219 : 224;
    const unsigned extra = static_cast<unsigned>(depth) - 8;
    const unsigned sample = (16U << extra) + (state >> 8U) % ((levels << extra) + 1);
    raw.push_back(static_cast<std::byte>(sample));
    if (depth > 8) raw.push_back(static_cast<std::byte>(sample >> 8U));
  }
  return raw;
}

int clip(double v) { return static_cast<int>(std::lround(std::min(255.0, std::max(0.0, v)))); }

// H.273 equations 41-43 and 47-49 (limited), 44-46 (full), in display values 0..255.
std::array<int, 3> to_rgb(double y, double cb, double cr, const Matrix& m, bool full, int depth) {
  const double scale = 1 << (depth - 8);
  y = full ? y / (256 * scale - 1) : (y / scale - 16) / 219;
  cb = full ? (cb - 128 * scale) / (256 * scale - 1) : (cb / scale - 128) / 224;
  cr = full ? (cr - 128 * scale) / (256 * scale - 1) : (cr / scale - 128) / 224;
  const double r = y + 2 * (1 - m.kr) * cr;
  const double b = y + 2 * (1 - m.kb) * cb;
  const double g = (y - m.kr * r - m.kb * b) / (1 - m.kr - m.kb);
  return {clip(255 * r), clip(255 * g), clip(255 * b)};
}

void expect_formula(const Image<std::uint8_t>& seen, const Bytes& raw, const Matrix& m, bool full,
                    int depth) {
  const std::size_t plane = seen.pixels().size() / 3;
  const auto sample = [&](std::size_t i) {
    if (depth == 8) return std::to_integer<int>(raw[i]);
    return std::to_integer<int>(raw[2 * i]) + 256 * std::to_integer<int>(raw[2 * i + 1]);
  };
  int worst = 0;
  for (std::size_t i = 0; i < plane; ++i) {
    const auto rgb = to_rgb(sample(i), sample(plane + i), sample(2 * plane + i), m, full, depth);
    for (std::size_t c = 0; c < 3; ++c)
      worst = std::max(worst, std::abs(rgb[c] - seen.pixels()[3 * i + c]));
  }
  EXPECT_LE(worst, 1) << m.tag << full << depth;
}

TEST(VideoColor, FollowsTheEquationsForEveryMatrixAndRange) {
  const TempFolder folder;
  for (const Matrix& m : {Matrix{"bt709", 0.2126, 0.0722},
                          {"smpte170m", 0.299, 0.114},
                          {"bt470bg", 0.299, 0.114},
                          {"bt2020nc", 0.2627, 0.0593}}) {
    for (const bool full : {false, true}) {
      for (const int depth : {8, 10}) {
        const Bytes raw = make_yuv(24, depth);
        write_file(folder / "a.raw", raw);
        const fs::path file = folder / "a.mkv";
        ffmpeg(std::string("-f rawvideo -s 32x24 -pix_fmt ") +
               (depth == 8 ? "yuv444p" : "yuv444p10le") + " -i '" + (folder / "a.raw").string() +
               "' -c:v ffv1 -colorspace " + m.tag + " -color_range " + (full ? "pc" : "tv") + " '" +
               file.string() + "'");
        MediaNotes notes;
        const Frames seen = read_all(file, &notes);
        ASSERT_EQ(seen.size(), 1U);
        expect_formula(seen[0], raw, m, full, depth);
        EXPECT_EQ(notes["color_range"], full ? "full" : "limited");
        EXPECT_EQ(notes.count("assumed"), 0U);
        EXPECT_EQ(notes.count("bit_depth"), depth == 10 ? 1U : 0U);
      }
    }
  }
}

TEST(VideoColor, UntaggedIsBt709From720LinesOnAndBt601Below) {
  const TempFolder folder;
  for (const int height : {718, 720}) {
    const Bytes raw = make_yuv(height, 8);
    write_file(folder / "a.raw", raw);
    const fs::path file = folder / "a.mkv";
    ffmpeg("-f rawvideo -s 32x" + std::to_string(height) + " -pix_fmt yuv444p -i '" +
           (folder / "a.raw").string() + "' -c:v ffv1 '" + file.string() + "'");
    MediaNotes notes;
    const Frames seen = read_all(file, &notes);
    ASSERT_EQ(seen.size(), 1U);
    const Matrix m = height >= 720 ? Matrix{"709", 0.2126, 0.0722} : Matrix{"601", 0.299, 0.114};
    expect_formula(seen[0], raw, m, false, 8);
    EXPECT_EQ(notes["assumed"], "color_matrix, color_range");
  }
}

TEST(VideoColor, PureRedTaggedBt709IsRed) {
  const TempFolder folder;
  const fs::path file = folder / "red.mp4";
  ffmpeg(
      "-f lavfi -i color=red:s=128x96:d=0.2:r=10,format=gbrp -vf "
      "scale=out_color_matrix=bt709:out_range=tv,"
      "format=yuv420p -c:v libx264 -crf 1 -colorspace bt709 -color_range tv '" +
      file.string() + "'");
  for (const Image<std::uint8_t>& frame : read_all(file)) {
    EXPECT_NEAR(frame.view().at(48, 64, 0), 255, 1);
    EXPECT_NEAR(frame.view().at(48, 64, 1), 0, 1);
    EXPECT_NEAR(frame.view().at(48, 64, 2), 0, 1);
  }
}

struct Case {
  const char* name;
  const char* options;  ///< between testsrc2 and the file's name
  const char* file;
  const char* matrix;
  const char* range;
  bool half_height = true;
};

TEST(Video, FramesAsTheFfmpegProgramGivesThem) {
  const TempFolder folder;
  for (const Case& c : {
           Case{"h264 with B-frames",
                "-pix_fmt yuv420p -c:v libx264 -bf 3 -g 12 -colorspace bt709 -color_range tv",
                "a.mp4", "bt709", "tv"},
           {"open GOP",
            "-pix_fmt yuv420p -c:v libx264 -bf 3 -g 8 -x264-params open-gop=1 -colorspace bt709",
            "b.mp4", "bt709", "tv"},
           {"bt601", "-pix_fmt yuv420p -c:v libx264 -colorspace smpte170m", "c.mkv", "bt601", "tv"},
           {"untagged small", "-pix_fmt yuv422p -c:v libx264", "d.mp4", "bt601", "tv", false},
           {"full range", "-pix_fmt yuv420p -c:v libx264 -color_range pc -vf scale=out_range=pc",
            "e.mp4", "bt601", "pc"},
           {"10 bit", "-pix_fmt yuv420p10le -c:v libx264 -colorspace bt709", "f.mkv", "bt709",
            "tv"},
           {"mpeg4", "-c:v mpeg4 -q:v 2 -bf 2", "g.avi", "bt601", "tv"},
           {"mpeg-ts", "-pix_fmt yuv420p -c:v libx264 -bf 2 -colorspace bt709", "h.ts", "bt709",
            "tv"},
           {"fragments", "-pix_fmt yuv420p -c:v libx264 -g 5 -movflags frag_keyframe+empty_moov",
            "i.mp4", "bt601", "tv"},
           {"vp9", "-pix_fmt yuv420p -c:v libvpx-vp9 -deadline realtime -cpu-used 8", "j.webm",
            "bt601", "tv"},
       }) {
    const fs::path file = folder / c.file;
    ffmpeg("-f lavfi -i testsrc2=s=98x62:r=25:d=1 " + std::string(c.options) + " '" +
           file.string() + "'");
    MediaNotes notes;
    const Frames seen = read_all(file, &notes);
    EXPECT_EQ(seen.size(), 25U) << c.name;
    SCOPED_TRACE(c.name);
    // Same library, same options, but the program's slices: one code value for its rounding.
    expect_equal(seen,
                 ffmpeg_frames(file, as_rgb(c.matrix, c.range, c.half_height), 62, 98, folder), 1);
    EXPECT_EQ(notes.count("frame_rate"), 0U) << notes["frame_rate"];
    const auto source = open_frames(file, ColorWanted::kRgb);
    EXPECT_NEAR(source->info().fps, 25, 1e-9);
    EXPECT_TRUE(source->info().frames == 25 || source->info().frames == 0) << source->info().frames;
  }
}

TEST(Video, LosslessRgbExactlyAndOddSizes) {
  const TempFolder folder;
  for (const auto& [height, width] : {std::pair{62, 98}, {61, 97}, {17, 3}}) {
    for (const char* format : {"bgr0", "gbrp10le"}) {
      const fs::path file = folder / "a.mkv";
      ffmpeg("-f lavfi -i mandelbrot=s=" + std::to_string(width) + "x" + std::to_string(height) +
             ":r=10 -t 0.5 -c:v ffv1 -pix_fmt " + format + " '" + file.string() + "'");
      const Frames seen = read_all(file);
      ASSERT_EQ(seen.size(), 5U);
      expect_equal(seen, ffmpeg_frames(file, "", height, width, folder), format[0] == 'b' ? 0 : 1);
    }
  }
}

TEST(Video, OddSizesOf420) {
  const TempFolder folder;
  const fs::path file = folder / "a.mkv";
  ffmpeg("-f lavfi -i mandelbrot=s=97x61:r=10 -t 0.5 -pix_fmt yuv420p -c:v ffv1 '" + file.string() +
         "'");
  expect_equal(read_all(file), ffmpeg_frames(file, as_rgb("bt601", "tv"), 61, 97, folder), 1);
}

TEST(Video, RotationIsApplied) {
  const TempFolder folder;
  const fs::path plain = folder / "plain.mp4";
  ffmpeg("-f lavfi -i testsrc2=s=96x64:r=10:d=0.3 -pix_fmt yuv444p -c:v libx264 '" +
         plain.string() + "'");
  for (const int degrees : {90, 180, 270}) {
    const fs::path file = folder / "turned.mp4";
    ffmpeg("-i '" + plain.string() + "' -c copy -metadata:s:v rotate=" + std::to_string(degrees) +
           " '" + file.string() + "'");
    MediaNotes notes;
    const Frames seen = read_all(file, &notes);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].height(), degrees == 180 ? 64 : 96);
    EXPECT_EQ(notes.count("rotation"), 1U);
    expect_equal(seen,
                 ffmpeg_frames(file, as_rgb("bt601", "tv", false), seen[0].height(),
                               seen[0].width(), folder),
                 1);
  }
}

TEST(Video, VariableRateAspectAlphaAndGreyAreNoted) {
  const TempFolder folder;
  const fs::path vfr = folder / "vfr.mkv";
  ffmpeg(
      "-f lavfi -i testsrc2=s=64x48:r=20:d=1 -vf \"select='not(eq(mod(n,5),3))',setsar=4/3\" "
      "-fps_mode vfr "
      "-c:v ffv1 -pix_fmt yuva420p '" +
      vfr.string() + "'");
  const auto source = open_frames(vfr, ColorWanted::kRgb);
  Image<std::uint8_t> frame;
  std::vector<double> times;
  while (source->next(frame)) times.push_back(source->frame_time_s());
  ASSERT_EQ(times.size(), 16U);
  for (std::size_t i = 0; i < times.size(); ++i) {
    const std::array<int, 4> kept = {0, 1, 2, 4};
    EXPECT_NEAR(times[i], (5.0 * static_cast<double>(i / 4) + kept[i % 4]) / 20, 0.0011);
  }
  EXPECT_EQ(source->frame_name(), "000015");
  MediaNotes notes = source->info().notes;
  EXPECT_EQ(notes.count("frame_rate"), 1U);
  EXPECT_EQ(notes.count("alpha"), 1U);
  EXPECT_EQ(notes["pixel_aspect"].substr(0, 3), "4:3");
  EXPECT_EQ(notes["chroma"].substr(0, 5), "4:2:0");

  const fs::path grey = folder / "grey.mkv";
  ffmpeg("-f lavfi -i testsrc2=s=64x48:r=20:d=0.2 -c:v ffv1 -pix_fmt gray '" + grey.string() + "'");
  EXPECT_EQ(open_frames(grey, ColorWanted::kGrey)->next(frame), true);
  EXPECT_EQ(frame.channels(), 1);
  expect_equal(read_all(grey), ffmpeg_frames(grey, "", 48, 64, folder), 0);
  EXPECT_NE(error_of([&] {
              open_frames(vfr, ColorWanted::kGrey)->next(frame);
            }).find("vfr.mkv: frame 0: holds colour"),
            std::string::npos);
}

TEST(Video, FirstPicturesHiddenByAnEditListStayHidden) {
  const TempFolder folder;
  const fs::path whole = folder / "whole.mp4";
  const fs::path cut = folder / "cut.mp4";
  ffmpeg("-f lavfi -i testsrc2=s=96x64:r=25:d=2 -pix_fmt yuv420p -c:v libx264 -g 20 -bf 2 '" +
         whole.string() + "'");
  ffmpeg("-ss 0.5 -i '" + whole.string() + "' -c copy '" + cut.string() + "'");
  const Frames seen = read_all(cut);
  expect_equal(seen, ffmpeg_frames(cut, as_rgb("bt601", "tv"), 64, 96, folder), 1);
  EXPECT_EQ(open_frames(cut, ColorWanted::kRgb)->info().frames, static_cast<int>(seen.size()));
}

}  // namespace
}  // namespace pluvia
