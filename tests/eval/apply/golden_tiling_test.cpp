// SPDX-License-Identifier: Apache-2.0
// The papers' windows and tiles joined as their own test code joins them: a toy model whose output
// tells where in its tile a pixel lay (tests/eval/golden/).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "core/tensor_file/npz.h"
#include "eval/apply/method_plan.h"

namespace pluvia {
namespace {

double u01(const std::string& key, std::uint64_t index) {
  std::uint64_t h = 14695981039346656037ULL;
  for (const char c : key) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  std::uint64_t z = h + index + 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return static_cast<double>((z ^ (z >> 31)) >> 40) / 16777216.0;
}

/// What the toy adds to `gain` times its input, at (t, y, x) of a tile.
struct Toy final : public Method {
  Toy(float gain_, float by_t_, float by_y_, float by_x_)
      : gain(gain_), by_t(by_t_), by_y(by_y_), by_x(by_x_) {}
  const MethodInfo& info() const override { return info_; }
  void derain(const FramesView<const float>& in, const FramesView<float>& out) override {
    ++calls;
    std::size_t i = 0;
    for (int t = 0; t < in.frames; ++t) {
      for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < in.height; ++y) {
          for (int x = 0; x < in.width; ++x, ++i) {
            out.data[i] = gain * in.data[i] + by_t * static_cast<float>(t) +
                          by_y * static_cast<float>(y) + by_x * static_cast<float>(x);
          }
        }
      }
    }
  }
  float gain, by_t, by_y, by_x;
  int calls = 0;
  MethodInfo info_;
};

using Value = std::function<float(int t, int c, int y, int x)>;

/// All frames, (T, 3, H, W).
std::vector<float> joined(Toy& toy, const TilePlan& tiles, const std::vector<int>& size,
                          const Value& value) {
  const int frames = size[0];
  const int height = size[1];
  const int width = size[2];
  std::vector<float> out;
  int given = 0;
  apply_method(
      toy, paper_plan(tiles),
      [&](PlanarFrame& frame) {
        if (given == frames) return false;
        frame = {3, height, width, {}};
        for (int c = 0; c < 3; ++c) {
          for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) frame.values.push_back(value(given, c, y, x));
          }
        }
        ++given;
        return true;
      },
      [&](int, const PlanarFrame& frame) {
        out.insert(out.end(), frame.values.begin(), frame.values.end());
      });
  return out;
}

NpzArrays golden(const std::string& name) {
  return read_npz(std::filesystem::path(PLUVIA_SOURCE_DIR) / "tests/eval/golden" / name);
}

void check_rainmamba(const std::string& set, const TilePlan& tiles) {
  const NpzArrays z = golden("rainmamba_tiling.npz");
  const auto shape = z.at(set + ".shape").as<std::int64_t>();
  ASSERT_EQ(shape.size(), 5U);
  const std::vector<int> size = {static_cast<int>(shape[1]), static_cast<int>(shape[3]),
                                 static_cast<int>(shape[4])};
  Toy toy(0.5F, 0.01F, 0.002F, 0.003F);
  const std::vector<float> out = joined(toy, tiles, size, [&](int t, int c, int y, int x) {
    const auto index = ((static_cast<std::uint64_t>(t) * 3 + static_cast<std::uint64_t>(c)) *
                            static_cast<std::uint64_t>(size[1]) +
                        static_cast<std::uint64_t>(y)) *
                           static_cast<std::uint64_t>(size[2]) +
                       static_cast<std::uint64_t>(x);
    return static_cast<float>(u01("tile.input." + set, index));
  });
  const auto sample = z.at(set + ".sample").as<float>();
  const auto stride = static_cast<std::size_t>(z.at(set + ".stride").as<std::int64_t>()[0]);
  double mean = 0;
  for (const float one : out) mean += static_cast<double>(one);
  mean /= static_cast<double>(out.size());
  EXPECT_NEAR(mean, z.at(set + ".mean").as<double>()[0], 1e-6);
  for (std::size_t i = 0; i < sample.size(); ++i) {
    ASSERT_NEAR(out[i * stride], sample[i], 2e-6F) << set << " " << i;
  }
}

TEST(GoldenTiling, Vrds) { check_rainmamba("VRDS", {{5, 4}, {256, 32}, {256, 32}}); }
TEST(GoldenTiling, RainVidSs) { check_rainmamba("RainVIDSS", {{7, 6}, {128, 40}, {128, 40}}); }
TEST(GoldenTiling, RainSynAll) { check_rainmamba("RainSynAll100", {{5, 1}, {128, 4}, {128, 4}}); }

// One tile of three frames of 256 pixels: what ViMP-Net's script does with a clip shorter than its
// window.
TEST(GoldenTiling, ViMPNetShortClip) {
  const NpzArrays z = golden("vimpnet_tile_b.npz");
  Toy toy(1, 1.0F / 8, 3.0F / 1024, 1.0F / 1024);
  const std::vector<float> out =
      joined(toy, {{5, 4}, {256, 32}, {256, 32}}, {3, 256, 256}, [](int t, int c, int y, int x) {
        const int a = (5 * x + 3 * y + 11 * t + 37 * c) % 510;
        const int b = ((x + 2 * t) * (y + 3)) % 256;
        return static_cast<float>((3 * (a <= 255 ? a : 510 - a) + b) / 4) / 255.0F;
      });
  EXPECT_EQ(toy.calls, 1);
  const auto column = z.at("col").as<float>();
  const auto row = z.at("row").as<float>();
  for (std::size_t t = 0; t < 3; ++t) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::size_t frame = t * 3 * 256 * 256;
      ASSERT_NEAR(out[frame + i * 256 + 130], column[t * 256 + i], 2e-6F);
      ASSERT_NEAR(out[frame + 140 * 256 + i], row[t * 256 + i], 2e-6F);
    }
  }
}

}  // namespace
}  // namespace pluvia
