// SPDX-License-Identifier: Apache-2.0
// Batches: the same from any number of threads and any starting point; augmentation turns all
// layers alike; crops that share a window are spread over batches.
#include "eval/train/loader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "core/error.h"

namespace pluvia {
namespace {

constexpr SampleShape kShape = {2, 4, 4};

/// lq holds, per pixel, numbers that tell the window (R), the crop (G) and the place (B); gt the
/// same; mask the place alone.
class Fake final : public TrainingSource {
 public:
  std::string describe() const override { return "fake"; }
  std::string identity() const override { return "{}"; }
  std::vector<TrainingSample> visit(const Random& random, int crops) const override {
    ++visits;
    if (fail_at >= 0 && visits > fail_at) fail("the source is broken");
    const auto window = static_cast<std::uint8_t>(random.below(0, 256));
    std::this_thread::sleep_for(std::chrono::microseconds(window % 7 * 100));
    std::vector<TrainingSample> out;
    for (int crop = 0; crop < crops; ++crop) {
      TrainingSample sample{kShape, {}};
      std::vector<std::uint8_t> colour;
      std::vector<std::uint8_t> grey;
      for (int t = 0; t < kShape.frames; ++t) {
        for (int place = 0; place < 16; ++place) {
          colour.push_back(window);
          colour.push_back(static_cast<std::uint8_t>(crop));
          colour.push_back(static_cast<std::uint8_t>(t * 16 + place));
          grey.push_back(static_cast<std::uint8_t>(t * 16 + place));
        }
      }
      sample.layers.emplace_back(Layer::kLq, colour);
      sample.layers.emplace_back(Layer::kMask, grey);
      out.push_back(sample);
    }
    return out;
  }
  mutable std::atomic<int> visits = 0;
  int fail_at = -1;
};

LoaderOptions options_of(std::int64_t first, int threads) {
  LoaderOptions options;
  options.seed = 7;
  options.first = first;
  options.end = 40;
  options.batch = 3;
  options.crops_per_window = 4;
  options.augment = {true, true, true};
  options.threads = threads;
  return options;
}

std::vector<std::vector<float>> take(const LoaderOptions& options) {
  const Fake source;
  Loader loader(source, options);
  std::vector<std::vector<float>> out;
  for (std::int64_t k = options.first; k < options.end; ++k) {
    const TrainingBatch batch = loader.next();
    EXPECT_EQ(batch.iteration, k);
    out.push_back(batch.layers[0].second);
  }
  return out;
}

TEST(Loader, SameForAnyThreadsAndStart) {
  const auto one = take(options_of(0, 1));
  EXPECT_EQ(one, take(options_of(0, 5)));
  const auto later = take(options_of(13, 3));
  for (std::size_t i = 0; i < later.size(); ++i) EXPECT_EQ(later[i], one[13 + i]) << i;
  std::set<std::vector<float>> different(one.begin(), one.end());
  EXPECT_EQ(different.size(), one.size());
}

TEST(Loader, MakesTheBatchThatItGives) {
  const LoaderOptions options = options_of(0, 2);
  const auto all = take(options);
  const Fake source;
  for (const std::int64_t k : {0, 5, 39}) {
    EXPECT_EQ(make_batch(source, options, k).layers[0].second, all[static_cast<std::size_t>(k)]);
  }
}

TEST(Loader, TurnsAllLayersAlikeByEveryTurn) {
  const Fake source;
  std::set<std::vector<float>> turns;
  for (std::int64_t k = 0; k < 40; ++k) {
    const TrainingBatch batch = make_batch(source, options_of(0, 1), k);
    const std::vector<float>& colour = batch.layers[0].second;
    const std::vector<float>& mask = batch.layers[1].second;
    for (std::size_t item = 0; item < 3; ++item) {
      std::vector<float> places;
      for (std::size_t t = 0; t < 2; ++t) {
        for (std::size_t i = 0; i < 16; ++i) {
          const float blue = colour[((item * 2 + t) * 3 + 2) * 16 + i];
          ASSERT_EQ(blue, mask[(item * 2 + t) * 16 + i]);
          places.push_back(blue * 255 - static_cast<float>(t) * 16);
        }
      }
      // Both frames are turned alike.
      ASSERT_TRUE(std::equal(places.begin(), places.begin() + 16, places.begin() + 16));
      turns.insert(std::vector<float>(places.begin(), places.begin() + 16));
    }
  }
  EXPECT_EQ(turns.size(), 8U);  // the square's symmetries
}

TEST(Loader, SpreadsCropsOfAWindowOverBatches) {
  const Fake source;
  const LoaderOptions options = options_of(0, 1);
  std::set<float> windows;
  for (std::int64_t k = 4; k < 8; ++k) {
    const TrainingBatch batch = make_batch(source, options, k);
    for (std::size_t item = 0; item < 3; ++item) {
      const float* const sample = batch.layers[0].second.data() + item * 2 * 3 * 16;
      windows.insert(sample[0]);
      EXPECT_FLOAT_EQ(sample[16] * 255, static_cast<float>(k - 4));
    }
  }
  EXPECT_EQ(windows.size(), 3U);
}

TEST(Loader, ThrowsWhatTheSourceThrew) {
  Fake source;
  source.fail_at = 8;
  Loader loader(source, options_of(0, 2));
  EXPECT_THROW(for (int i = 0; i < 40; ++i) loader.next(), Error);
}

TEST(Loader, LeavesWithoutBeingAsked) {
  const Fake source;
  const Loader loader(source, options_of(0, 3));
}

}  // namespace
}  // namespace pluvia
