// SPDX-License-Identifier: Apache-2.0
// Streaks of a single frame by morphology: what is brighter than an opening along rows is narrow;
// what of that survives an opening along columns is also long. That part of the luma is taken from
// all channels. Knows nothing of lamp posts: anything narrow, bright and upright is weakened too.
#include <algorithm>

#include "core/error.h"
#include "core/parallel.h"
#include "models/methods/methods.h"
#include "models/methods/planes.h"

namespace pluvia {
namespace {

class StreakOpening final : public Method {
 public:
  const MethodInfo& info() const override { return info_; }

  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    PLUVIA_CHECK(rainy.same_size(clean), rainy.count(), " ", clean.count());
    parallel_for(rainy.frames, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) frame(rainy, clean, static_cast<int>(t));
    });
  }

 private:
  static void frame(const FramesView<const float>& rainy, const FramesView<float>& clean, int t) {
    // Streaks are 1 to 3 pixels wide and 60 to 160 long in a frame 1280 wide.
    const int narrow = std::max(1, (rainy.width * 3 + 640) / 1280);
    const int length = std::max(1, rainy.width * 6 / 1280);
    Plane streaks = luma_of(rainy, t);
    const Plane without = opening(streaks, narrow, Along::kRows);
    for (std::size_t i = 0; i < streaks.values.size(); ++i) streaks.values[i] -= without.values[i];
    streaks = opening(streaks, length, Along::kColumns);
    const std::size_t plane = streaks.values.size();
    const std::size_t first = static_cast<std::size_t>(t) * 3 * plane;
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t i = 0; i < plane; ++i) {
        const std::size_t at = first + c * plane + i;
        clean.data[at] = std::max(0.0F, rainy.data[at] - streaks.values[i]);
      }
    }
  }

  MethodInfo info_{"streak-opening", "narrow upright bright lines removed from each frame alone"};
};

}  // namespace

std::unique_ptr<Method> make_streak_opening() { return std::make_unique<StreakOpening>(); }

}  // namespace pluvia
