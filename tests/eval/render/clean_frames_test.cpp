// SPDX-License-Identifier: Apache-2.0
// Footage whose rate varies: rain goes by the times of its frames.
#include "eval/render/clean_frames.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace pluvia {
namespace {

/// A GIF of one-coloured pictures, 4x2, each shown for so many hundredths of a second. Its codes
/// are not compressed: the table is cleared before every two pixels, so that all codes have 3 bits.
void write_gif(const std::filesystem::path& path, const std::vector<int>& hundredths) {
  std::string out = "GIF89a";
  const auto put = [&](std::initializer_list<int> bytes) {
    for (const int byte : bytes) out += static_cast<char>(byte);
  };
  put({4, 0, 2, 0, 0xF0, 0, 0, 20, 40, 60, 200, 180, 160});
  int colour = 0;
  for (const int delay : hundredths) {
    put({0x21, 0xF9, 4, 0, delay, 0, 0, 0, 0x2C, 0, 0, 0, 0, 4, 0, 2, 0, 0, 2});
    std::uint64_t bits = 0;
    int count = 0;
    const auto code = [&](std::uint64_t value) { bits |= value << count, count += 3; };
    for (int pair = 0; pair < 4; ++pair) {
      code(4);
      code(static_cast<std::uint64_t>(colour));
      code(static_cast<std::uint64_t>(colour));
    }
    code(5);
    put({5});
    for (int i = 0; i < 5; ++i) put({static_cast<int>(bits >> (8 * i) & 0xFF)});
    put({0});
    colour = 1 - colour;
  }
  put({0x3B});
  std::ofstream(path, std::ios::binary) << out;
}

std::vector<double> times_of(const std::filesystem::path& footage, int first_frame) {
  RenderRequest request;
  request.recipe = synth::Recipe::parse(Json::parse(R"({"frames": 9})"), "test");
  request.sources = {footage};
  PlannedRender clip;
  clip.path = footage;
  clip.first_frame = first_frame;
  CleanFrames frames(clip, request);
  std::vector<double> times;
  synth::SceneFrame frame;
  for (int t = 0; frames.next(t, frame); ++t) times.push_back(frame.time_s);
  return times;
}

void expect_times(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t t = 0; t < found.size(); ++t) EXPECT_NEAR(found[t], expected[t], 1e-6) << t;
}

TEST(CleanFrames, GoByTheTimesOfFootageOfVaryingRate) {
  const test::TempDir dir;
  write_gif(dir / "varying.gif", {4, 4, 20, 4, 30, 4});
  expect_times(times_of(dir / "varying.gif", 0), {0, 0.04, 0.08, 0.28, 0.32, 0.62});
  expect_times(times_of(dir / "varying.gif", 3), {0, 0.04, 0.34});
  write_gif(dir / "even.gif", {4, 4, 4, 4});
  expect_times(times_of(dir / "even.gif", 0), {0, 0.04, 0.08, 0.12});
}

}  // namespace
}  // namespace pluvia
