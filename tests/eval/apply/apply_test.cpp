// SPDX-License-Identifier: Apache-2.0
// Windows and tiles put together again: what each pixel is made of, by brute force.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/error.h"
#include "eval/apply/method_plan.h"

namespace pluvia {
namespace {

/// Gives back the rainy frames plus the number of the call, so that the mixture shows.
class Counting final : public Method {
 public:
  explicit Counting(MethodInfo info) : info_(std::move(info)) {}
  const MethodInfo& info() const override { return info_; }
  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    EXPECT_EQ(rainy.height % info_.size_multiple, 0);
    EXPECT_EQ(rainy.width % info_.size_multiple, 0);
    frames.push_back(rainy.frames);
    for (std::size_t i = 0; i < clean.count(); ++i) clean.data[i] = rainy.data[i] + offset;
    offset += step;
  }
  std::vector<int> frames;
  float offset = 0;
  float step = 0;

 private:
  MethodInfo info_;
};

float value(int t, int c, int y, int x) {
  return static_cast<float>((t * 31 + c * 17 + y * 5 + x * 3) % 97) / 97;
}

struct Clip {
  int frames;
  int height;
  int width;
};

std::vector<PlanarFrame> run(Method& method, const ApplyPlan& plan, const Clip& clip) {
  int given = 0;
  std::vector<PlanarFrame> out;
  const int count = apply_method(
      method, plan,
      [&](PlanarFrame& frame) {
        if (given == clip.frames) return false;
        frame = {3, clip.height, clip.width, {}};
        for (int c = 0; c < 3; ++c) {
          for (int y = 0; y < clip.height; ++y) {
            for (int x = 0; x < clip.width; ++x) frame.values.push_back(value(given, c, y, x));
          }
        }
        ++given;
        return true;
      },
      [&](int t, PlanarFrame frame) {
        EXPECT_EQ(t, static_cast<int>(out.size()));
        out.push_back(std::move(frame));
      });
  EXPECT_EQ(count, clip.frames);
  return out;
}

void expect_identity(const std::vector<PlanarFrame>& out, const Clip& clip) {
  ASSERT_EQ(static_cast<int>(out.size()), clip.frames);
  for (int t = 0; t < clip.frames; ++t) {
    std::size_t i = 0;
    for (int c = 0; c < 3; ++c) {
      for (int y = 0; y < clip.height; ++y) {
        for (int x = 0; x < clip.width; ++x) {
          ASSERT_NEAR(out[static_cast<std::size_t>(t)].values[i++], value(t, c, y, x), 1e-6);
        }
      }
    }
  }
}

TEST(Apply, WhatGoesInComesOutWhateverTheCut) {
  for (const Overlap overlap : {Overlap::kAverage, Overlap::kTrim, Overlap::kFeather}) {
    for (const Clip& clip : {Clip{1, 1, 1}, {4, 9, 13}, {5, 16, 16}, {11, 33, 20}, {23, 7, 50}}) {
      Counting method({"", "", 0, 4});
      ApplyPlan plan{{{5, 4}, overlap}, {{16, 6}, overlap}, {{12, 4}, overlap}};
      expect_identity(run(method, plan, clip), clip);
      plan = {};
      expect_identity(run(method, plan, clip), clip);
    }
  }
}

TEST(Apply, WindowsAreThoseOfThePapers) {
  Counting method({"", "", 5, 1});
  const ApplyPlan plan{{{5, 4}, Overlap::kAverage}, {}, {}};
  run(method, plan, {100, 2, 2});
  EXPECT_EQ(method.frames.size(), 96U);
  method.frames.clear();
  run(method, plan, {3, 2, 2});
  EXPECT_EQ(method.frames, std::vector<int>{3});
  method.frames.clear();
  run(method, {{{5, 1}, Overlap::kAverage}, {}, {}}, {10, 2, 2});  // starts 0, 4, 5
  EXPECT_EQ(method.frames.size(), 3U);
}

TEST(Apply, InteriorFramesAverageAllWindowsThatSeeThem) {
  Counting method({"", "", 5, 1});
  method.step = 1;
  const auto out = run(method, {{{5, 4}, Overlap::kAverage}, {}, {}}, {9, 1, 1});
  // Windows 0 to 4 add 0 to 4; frame t is seen by those from max(0, t - 4) to min(4, t).
  for (int t = 0; t < 9; ++t) {
    const int low = std::max(0, t - 4);
    const int high = std::min(4, t);
    const float mean = static_cast<float>(low + high) / 2;
    EXPECT_NEAR(out[static_cast<std::size_t>(t)].values[0], value(t, 0, 0, 0) + mean, 1e-5) << t;
  }
}

TEST(Apply, TrimmedTilesMeetInTheMiddleOfTheOverlap) {
  Counting method({"", "", 0, 1});
  method.step = 10;
  const Clip clip{1, 1, 20};
  const ApplyPlan plan{{}, {}, {{12, 4}, Overlap::kTrim}};  // tiles at 0 and 8
  const auto out = run(method, plan, clip);
  for (int x = 0; x < 20; ++x) {
    const float tile = x < 10 ? 0.0F : 10.0F;
    EXPECT_NEAR(out[0].values[static_cast<std::size_t>(x)], value(0, 0, 0, x) + tile, 1e-5) << x;
  }
}

TEST(Apply, FeatheredTilesHaveNoSeam) {
  Counting method({"", "", 0, 1});
  method.step = 1;
  const ApplyPlan plan{{}, {}, {{12, 4}, Overlap::kFeather}};
  const auto out = run(method, plan, {1, 1, 20});
  for (int x = 1; x < 20; ++x) {
    const auto at = [&](int i) {
      return out[0].values[static_cast<std::size_t>(i)] - value(0, 0, 0, i);
    };
    EXPECT_LE(at(x) - at(x - 1), 0.2501F) << x;
    EXPECT_GE(at(x) - at(x - 1), -1e-5F) << x;
  }
}

TEST(Apply, AContextOnEachSideIsKeptFromTheResult) {
  Counting method({"", "", 0, 1, 2});
  method.step = 1;
  const ApplyPlan plan = plan_of(method.info(), Tiling::kNone);
  const auto out = run(method, plan, {40, 1, 1});
  for (std::size_t t = 0; t < 40; ++t) {
    const float call = out[t].values[0] - value(static_cast<int>(t), 0, 0, 0);
    EXPECT_NEAR(call, std::round(call), 1e-5) << "no frame mixes two windows";
  }
  for (const int frames : method.frames) EXPECT_GE(frames, 16);
}

TEST(Apply, FramesOfAnotherSizeAreRefused) {
  Counting method({"", "", 0, 1});
  int given = 0;
  EXPECT_THROW(apply_method(
                   method, {},
                   [&](PlanarFrame& frame) {
                     frame = {3, 1, 1 + given, std::vector<float>(3 * (1 + given))};
                     return given++ < 3;
                   },
                   [](int, PlanarFrame) {}),
               Error);
}

}  // namespace
}  // namespace pluvia
