// SPDX-License-Identifier: Apache-2.0
// Colours of videos by H.273's equations in doubles: to the nearest code value at every depth and
// range, clipped where samples lie outside the nominal range. Chroma against the ffmpeg program.
#include <algorithm>
#include <cmath>

#include "tests/datasets/media/media_test_util.h"

namespace pluvia {
namespace {

using namespace testing;

struct Shares {
  const char* tag;
  double red;
  double blue;
};

constexpr int kHeight = 48;
constexpr int kWidth = 64;

std::vector<int> any_samples(int depth) {
  std::vector<int> samples(std::size_t{3} * kHeight * kWidth);
  std::uint64_t state = 12345;
  for (int& sample : samples) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    sample = static_cast<int>(state >> static_cast<unsigned>(64 - depth));
  }
  // Corners of the cube of samples, where swscale's sums wrap.
  for (std::size_t i = 0; i < 24; ++i)
    samples[i] = samples[i + kHeight * kWidth] = (1 << depth) - 1;
  return samples;
}

double clipped(double value) { return 255 * std::clamp(value, 0.0, 1.0); }

std::array<double, 3> colour(std::array<int, 3> yuv, const Shares& m, bool full, int depth) {
  const double one = 1 << (depth - 8);
  const double white = 256 * one - 1;
  const double y = full ? yuv[0] / white : (yuv[0] - 16 * one) / (219 * one);
  const double u = (yuv[1] - 128 * one) / (full ? white : 224 * one);
  const double v = (yuv[2] - 128 * one) / (full ? white : 224 * one);
  const double r = y + 2 * (1 - m.red) * v;
  const double b = y + 2 * (1 - m.blue) * u;
  return {clipped(r), clipped((y - m.red * r - m.blue * b) / (1 - m.red - m.blue)), clipped(b)};
}

void expect_nearest(const Shares& m, bool full, int depth) {
  const TempFolder folder;
  const std::vector<int> samples = any_samples(depth);
  Bytes raw;
  for (const int sample : samples) {
    raw.push_back(static_cast<std::byte>(sample));
    if (depth > 8) raw.push_back(static_cast<std::byte>(sample >> 8));
  }
  write_file(folder / "a.raw", raw);
  const std::string format = depth == 8 ? "yuv444p" : "yuv444p" + std::to_string(depth) + "le";
  ffmpeg("-f rawvideo -s 64x48 -pix_fmt " + format + " -i '" + (folder / "a.raw").string() +
         "' -c:v ffv1 -colorspace " + m.tag + " -color_range " + (full ? "pc" : "tv") + " '" +
         (folder / "a.mkv").string() + "'");
  const Frames seen = read_all(folder / "a.mkv");
  ASSERT_EQ(seen.size(), 1U);
  const std::size_t plane = std::size_t{kHeight} * kWidth;
  double worst = 0;
  for (std::size_t i = 0; i < plane; ++i) {
    const auto rgb =
        colour({samples[i], samples[plane + i], samples[2 * plane + i]}, m, full, depth);
    for (std::size_t c = 0; c < 3; ++c) {
      worst = std::max(worst, std::abs(rgb[c] - seen[0].pixels()[3 * i + c]));
    }
  }
  EXPECT_LT(worst, 0.53) << m.tag << " full " << full << " depth " << depth;
}

TEST(VideoColor, NearestCodeValueAtEveryDepthAndNoWrapping) {
  for (const Shares& m : {Shares{"bt709", 0.2126, 0.0722},
                          {"smpte170m", 0.299, 0.114},
                          {"bt2020nc", 0.2627, 0.0593},
                          {"smpte240m", 0.212, 0.087},
                          {"fcc", 0.30, 0.11}}) {
    for (const bool full : {false, true}) {
      for (const int depth : {8, 10, 12}) expect_nearest(m, full, depth);
    }
  }
}

TEST(VideoColor, ChromaOfEverySubsamplingAsTheFfmpegProgram) {
  const TempFolder folder;
  struct Case {
    const char* format;
    const char* note;
  };
  const std::string full_test = "67x45";
  for (const std::string size : {"64x48", "67x45", "17x9", "5x4", "3x3"}) {
    for (const Case& c : {Case{"yuv420p", "4:2:0"},
                          {"yuv422p", "4:2:2"},
                          {"yuv440p", "4:4:0"},
                          {"yuv411p", "4:1:1"},
                          {"yuv410p", "4:1:0"},
                          {"yuv420p10le", "4:2:0"},
                          {"yuv422p12le", "4:2:2"}}) {
      if (size != full_test && std::string(c.format) != "yuv420p") continue;
      const fs::path file = folder / (std::string(c.format) + size + ".mkv");
      ffmpeg("-f lavfi -i testsrc=s=" + size + ":r=5:d=0.4 -c:v ffv1 -pix_fmt " + c.format + " '" +
             file.string() + "'");
      MediaNotes notes;
      const Frames seen = read_all(file, &notes);
      EXPECT_EQ(notes["chroma"].substr(0, 5), c.note);
      ASSERT_EQ(seen.size(), 2U);
      // The program takes a position of chroma only in directions that share samples.
      const std::string name = c.format;
      const bool across = name.find("440") == std::string::npos;
      const bool down =
          name.find("422") == std::string::npos && name.find("411") == std::string::npos;
      const Frames expected =
          ffmpeg_frames(file,
                        std::string("scale=in_color_matrix=bt601:in_range=tv:out_range=pc") +
                            (across ? ":in_h_chr_pos=0" : "") + (down ? ":in_v_chr_pos=128" : "") +
                            ":flags=accurate_rnd+full_chroma_int+full_chroma_inp+bitexact+bicubic",
                        seen[0].height(), seen[0].width(), folder);
      for (std::size_t t = 0; t < 2; ++t) {
        EXPECT_LE(max_difference(seen[t].view(), expected[t].view()), 1) << c.format << size << t;
      }
    }
  }
}

TEST(VideoColor, DeepRgbIsRoundedToTheNearest) {
  const TempFolder folder;
  for (const int depth : {10, 16}) {
    const std::vector<int> samples = any_samples(depth);
    Bytes raw;
    for (const int sample : samples) {
      raw.push_back(static_cast<std::byte>(sample));
      raw.push_back(static_cast<std::byte>(sample >> 8));
    }
    write_file(folder / "a.raw", raw);
    ffmpeg("-f rawvideo -s 64x48 -pix_fmt gbrp" + std::to_string(depth) + "le -i '" +
           (folder / "a.raw").string() + "' -c:v ffv1 '" + (folder / "a.mkv").string() + "'");
    const Frames frames = read_all(folder / "a.mkv");
    ASSERT_EQ(frames.size(), 1U);
    const Image<std::uint8_t>& seen = frames[0];
    const std::size_t plane = std::size_t{kHeight} * kWidth;
    const std::array<std::size_t, 3> plane_of = {2, 0, 1};
    for (std::size_t i = 0; i < plane; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        const double value = samples[plane_of[c] * plane + i] * 255.0 / ((1 << depth) - 1);
        ASSERT_LE(std::abs(value - seen.pixels()[3 * i + c]), 0.5) << depth << " " << i;
      }
    }
  }
}

TEST(VideoColor, OpaqueAlphaIsNoLoss) {
  const TempFolder folder;
  const fs::path opaque = folder / "opaque.mkv";
  const fs::path clear = folder / "clear.mkv";
  const std::string source = "-f lavfi -i testsrc=s=32x24:r=5:d=0.4";
  ffmpeg(source + " -c:v ffv1 -pix_fmt yuva444p '" + opaque.string() + "'");
  ffmpeg(source + " -vf format=yuva444p,colorchannelmixer=aa=0.5 -c:v ffv1 '" + clear.string() +
         "'");
  const fs::path webm = folder / "webm.webm";
  ffmpeg(source + " -vf format=yuva420p -c:v libvpx-vp9 -auto-alt-ref 0 '" + webm.string() + "'");
  MediaNotes notes;
  read_all(webm, &notes);
  EXPECT_EQ(lines_of_loss(webm, notes).size(), 1U) << notes["alpha"];
  notes.clear();
  read_all(opaque, &notes);
  EXPECT_TRUE(lines_of_loss(opaque, notes).empty()) << notes["alpha"];
  notes.clear();
  read_all(clear, &notes);
  EXPECT_EQ(lines_of_loss(clear, notes).size(), 1U) << notes["alpha"];
}

}  // namespace
}  // namespace pluvia
