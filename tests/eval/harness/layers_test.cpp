// SPDX-License-Identifier: Apache-2.0
// What a method claims to see beside the clean frame: its planes scored against the set's layers,
// counted here anew from the set; layers that the set lacks; and the same scores from a folder.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "datasets/store/set_reader.h"
#include "eval/harness/eval_run.h"
#include "tests/support/synthetic_set.h"
#include "tests/support/temp_dir.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

constexpr int kHeight = 40;
constexpr int kWidth = 56;

float raw_streak(float green) { return 1.25F * green - 0.1F; }  // below 0 in the dark

/// Claims that red is drops, green (stretched) streaks and the negative the frame without streaks;
/// between them lie planes that nobody asks for.
class Claiming final : public Method {
 public:
  Claiming() {
    info_.name = "claiming";
    info_.layers = {{"mask", 1}, {"unheard-of", 2}, {"streak", 1}, {"drop", 3}};
  }
  const MethodInfo& info() const override { return info_; }
  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    const auto plane =
        static_cast<std::size_t>(rainy.height) * static_cast<std::size_t>(rainy.width);
    for (int t = 0; t < rainy.frames; ++t) {
      const float* const in = rainy.data + static_cast<std::size_t>(3 * t) * plane;
      float* const out = clean.data + static_cast<std::size_t>(clean.channels * t) * plane;
      for (std::size_t i = 0; i < plane; ++i) {
        out[3 * plane + i] = in[i];
        out[4 * plane + i] = out[5 * plane + i] = 7;
        out[6 * plane + i] = raw_streak(in[plane + i]);
      }
      for (std::size_t i = 0; i < 3 * plane; ++i) {
        out[i] = in[i];
        out[7 * plane + i] = 1 - in[i];
      }
    }
  }

 private:
  MethodInfo info_;
};

EvalRequest request_of(const fs::path& data, const fs::path& out) {
  EvalRequest request;
  request.method.label = "claiming";
  request.method.description = R"({"kind":"test"})";
  request.method.make = [] { return std::make_unique<Claiming>(); };
  request.data = data;
  request.protocol = "vderain-rgb";
  request.out = out;
  request.cache = false;
  return request;
}

Json record_of(const EvalRequest& request) { return parse_json(evaluate(request).json, "record"); }

struct Expected {
  double iou = 0;
  double f1 = 0;
  double mae = 0;
  double streak_psnr = 0;
  double drop_psnr = 0;
};

double psnr_of(double squared, double samples) {
  return 10 * std::log10(255.0 * 255.0 / (squared / samples));
}

Expected counted(const SetReader& set, const std::string& id, int frames) {
  constexpr std::size_t kPixels = kHeight * kWidth;
  const std::unique_ptr<ClipReader> clip = set.clip(id);
  const auto read = [&](Layer layer, int t) {
    std::vector<std::uint8_t> bytes(kPixels * spec(layer).pixel_bytes());
    clip->read(layer, {t, 1, 0, 0, kHeight, kWidth}, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  };
  double tp = 0, fp = 0, fn = 0, absolute = 0, squared = 0;
  Expected out;
  for (int t = 0; t < frames; ++t) {
    const auto lq = read(Layer::kLq, t);
    const auto mask = read(Layer::kMask, t);
    const auto streak = read(Layer::kStreak, t);
    const auto drop = read(Layer::kDrop, t);
    double stage1 = 0;
    for (std::size_t i = 0; i < kPixels; ++i) {
      const bool said = lq[3 * i] >= 128;
      const bool is = mask[i] >= 128;
      tp += said && is;
      fp += said && !is;
      fn += !said && is;
      const float raw = raw_streak(static_cast<float>(lq[3 * i + 1]) / 255.0F);
      const float code = std::nearbyint(std::clamp(raw, 0.0F, 1.0F) * 255.0F);
      const double error = double{code} - streak[i];
      absolute += std::abs(error);
      squared += error * error;
      for (std::size_t c = 0; c < 3; ++c) {
        const double e = 255.0 - lq[3 * i + c] - drop[3 * i + c];
        stage1 += e * e;
      }
    }
    out.drop_psnr += psnr_of(stage1, 3 * kPixels) / frames;
  }
  out.iou = tp / (tp + fp + fn);
  out.f1 = 2 * tp / (2 * tp + fp + fn);
  out.mae = absolute / (static_cast<double>(kPixels) * frames);
  out.streak_psnr = psnr_of(squared, static_cast<double>(kPixels) * frames);
  return out;
}

TEST(ClaimedLayers, AreScoredAgainstTheSets) {
  const test::TempDir dir;
  const fs::path data = dir / "set.h5";
  test::write_set(data, {test::synthetic_info("a", 3, kHeight, kWidth),
                         test::synthetic_info("b", 2, kHeight, kWidth)});
  EvalRequest request = request_of(data, dir / "run.json");
  request.save = dir / "saved";
  const Json record = record_of(request);
  const auto set = SetReader::open(data);
  const Expected a = counted(*set, "a", 3);
  const Expected b = counted(*set, "b", 2);
  const Json& mean = record.at("mean");
  EXPECT_NEAR(mean.at("mask_iou").get<double>(), (a.iou + b.iou) / 2, 1e-12);
  EXPECT_NEAR(mean.at("mask_f1").get<double>(), (a.f1 + b.f1) / 2, 1e-12);
  EXPECT_NEAR(mean.at("streak_mae").get<double>(), (a.mae + b.mae) / 2, 1e-9);
  EXPECT_NEAR(mean.at("streak_psnr").get<double>(), (a.streak_psnr + b.streak_psnr) / 2, 1e-9);
  EXPECT_NEAR(mean.at("drop_psnr").get<double>(), (a.drop_psnr + b.drop_psnr) / 2, 1e-3);
  EXPECT_NEAR(record.at("clips")[0].at("mean").at("mask_iou").get<double>(), a.iou, 1e-12);
  EXPECT_TRUE(record.at("clips")[0].at("frames")[2].contains("mask_iou"));
  EXPECT_GT(a.iou, 0.01);
  EXPECT_LT(a.iou, 0.9);
  for (const Json& picture : record.at("pictures")) {
    for (const char* which : {"claimed", "truth"}) {
      const auto file = picture.at("layers").at("mask").at(which).get<std::string>();
      EXPECT_TRUE(fs::exists(dir / file)) << file;
    }
  }

  // The same pictures from a folder, which claims the layers that it has sub-folders of.
  EvalRequest folder = request_of(data, dir / "folder.json");
  folder.method.kind = MethodKind::kFolder;
  folder.method.folder = dir / "saved";
  EXPECT_EQ(record_of(folder).at("mean"), mean);
  fs::remove_all(dir / "saved" / "a" / "streak");
  fs::remove_all(dir / "saved" / "b" / "streak");
  folder.out = dir / "fewer.json";
  EXPECT_FALSE(record_of(folder).at("mean").contains("streak_mae"));
  fs::remove(dir / "saved" / "b" / "mask" / "frame1.png");
  folder.out = dir / "gap.json";
  try {
    evaluate(folder);
    FAIL() << "a claim with a gap was scored";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("1 problem: missing"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("mask/frame1.png"), std::string::npos);
  }
}

TEST(ClaimedLayers, ThatTheSetLacksAreLeftOutAndNamed) {
  const test::TempDir dir;
  const fs::path data = dir / "set.h5";
  ClipInfo lacking = test::synthetic_info("b", 2, kHeight, kWidth);
  lacking.layers = {Layer::kLq, Layer::kGt, Layer::kMask, Layer::kDrop};
  test::write_set(data, {test::synthetic_info("a", 2, kHeight, kWidth), lacking});
  const Json record = record_of(request_of(data, dir / "run.json"));
  EXPECT_FALSE(record.at("mean").contains("streak_mae"));
  EXPECT_TRUE(record.at("mean").contains("mask_iou"));
  const auto why = record.at("layers_left_out").at("streak").get<std::string>();
  EXPECT_NE(why.find("clip b"), std::string::npos) << why;
}

TEST(ClaimedLayers, AreGoneOnWith) {
  const test::TempDir dir;
  const fs::path data = dir / "set.h5";
  test::write_set(data, {test::synthetic_info("a", 2, kHeight, kWidth),
                         test::synthetic_info("b", 2, kHeight, kWidth)});
  EvalRequest request = request_of(data, dir / "whole.json");
  const Json whole = record_of(request);
  int made = 0;
  request.out = dir / "stopped.json";
  request.method.one_at_a_time = true;  // so that clip a is in the journal when b fails
  request.method.make = [&]() -> std::unique_ptr<Method> {
    if (++made == 3) fail("stopped");  // asked once for its layers, then once a clip
    return std::make_unique<Claiming>();
  };
  EXPECT_THROW(evaluate(request), Error);
  request.resume = true;
  request.method.make = [&]() -> std::unique_ptr<Method> {
    ++made;
    return std::make_unique<Claiming>();
  };
  made = 0;
  EXPECT_EQ(record_of(request).at("clips"), whole.at("clips"));
  EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace pluvia
