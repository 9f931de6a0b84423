// SPDX-License-Identifier: Apache-2.0
// Motion-compensated temporal median: every pixel is the median of itself and of where its block
// was in the two frames before and after (Hase et al. 1999, Starik and Werman 2003, with motion).
// Streaks, which hit a pixel in few frames, go; drops on the glass, which stay, do not, and where
// motion is found wrong the picture tears.
#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/parallel.h"
#include "models/methods/block_motion.h"
#include "models/methods/methods.h"

namespace pluvia {
namespace {

constexpr int kReach = 2;
/// Blocks that fit worse (mean absolute difference of slightly blurred luma) are not used.
constexpr float kWorstFit = 0.12F;

class TemporalMedian final : public Method {
 public:
  const MethodInfo& info() const override { return info_; }

  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    PLUVIA_CHECK(rainy.same_size(clean), rainy.count(), " ", clean.count());
    std::vector<Plane> luma;
    for (int t = 0; t < rainy.frames; ++t) luma.push_back(box_mean(luma_of(rainy, t), 2));
    parallel_for(rainy.frames, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t t = begin; t < end; ++t) frame(rainy, clean, luma, static_cast<int>(t));
    });
  }

 private:
  static void frame(const FramesView<const float>& rainy, const FramesView<float>& clean,
                    const std::vector<Plane>& luma, int t) {
    std::vector<std::pair<int, BlockMotion>> others;
    for (int s = std::max(0, t - kReach); s <= std::min(rainy.frames - 1, t + kReach); ++s) {
      if (s != t) {
        others.emplace_back(
            s, match_blocks(luma[static_cast<std::size_t>(t)], luma[static_cast<std::size_t>(s)]));
      }
    }
    const auto plane =
        static_cast<std::size_t>(rainy.height) * static_cast<std::size_t>(rainy.width);
    for (int y = 0; y < rainy.height; ++y) {
      for (int x = 0; x < rainy.width; ++x) {
        std::array<std::size_t, 2 * kReach + 1> from{};
        std::size_t count = 0;
        from[count++] = index(rainy, t, y, x);
        for (const auto& [s, motion] : others) {
          const BlockMotion::Vector& v = motion.at_pixel(y, x);
          if (v.error > kWorstFit) continue;
          from[count++] = index(rainy, s, std::clamp(y + v.y, 0, rainy.height - 1),
                                std::clamp(x + v.x, 0, rainy.width - 1));
        }
        for (std::size_t c = 0; c < 3; ++c) {
          std::array<float, 2 * kReach + 1> values{};
          for (std::size_t k = 0; k < count; ++k) values[k] = rainy.data[from[k] + c * plane];
          // Of an even number the lower middle: rain brightens.
          const std::size_t middle = (count - 1) / 2;
          std::nth_element(values.begin(), values.begin() + middle, values.begin() + count);
          clean.data[from[0] + c * plane] = values[middle];
        }
      }
    }
  }

  static std::size_t index(const FramesView<const float>& frames, int t, int y, int x) {
    return (static_cast<std::size_t>(t) * 3 * static_cast<std::size_t>(frames.height) +
            static_cast<std::size_t>(y)) *
               static_cast<std::size_t>(frames.width) +
           static_cast<std::size_t>(x);
  }

  MethodInfo info_{"temporal-median", "median over five frames along the motion of blocks", 0, 1,
                   kReach};
};

}  // namespace

std::unique_ptr<Method> make_temporal_median() { return std::make_unique<TemporalMedian>(); }

}  // namespace pluvia
