// SPDX-License-Identifier: Apache-2.0
// What every method of the table must do, before its author writes a test of its own.
#include "models/methods/methods.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/rng.h"

namespace pluvia {
namespace {

class EveryMethod : public testing::TestWithParam<MethodEntry> {};

INSTANTIATE_TEST_SUITE_P(Table, EveryMethod,
                         testing::ValuesIn(all_methods().begin(), all_methods().end()),
                         [](const auto& entry) {
                           std::string name = entry.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

std::vector<float> derain(Method& method, const std::vector<float>& rainy, int frames, int size) {
  const int channels = method.info().channels_in();
  std::vector<float> seen = rainy;
  if (channels == 6) {  // the truth: the same frames
    seen.clear();
    const std::size_t frame = rainy.size() / static_cast<std::size_t>(frames);
    for (std::size_t t = 0; t < static_cast<std::size_t>(frames); ++t) {
      for (int twice = 0; twice < 2; ++twice) {
        seen.insert(seen.end(), rainy.data() + t * frame, rainy.data() + (t + 1) * frame);
      }
    }
  }
  std::vector<float> clean(rainy.size(), std::nanf(""));
  method.derain({seen.data(), frames, channels, size, size}, {clean.data(), frames, 3, size, size});
  return clean;
}

TEST_P(EveryMethod, FillsFiniteFramesOfTheSameSize) {
  const auto method = GetParam().make();
  EXPECT_EQ(method->info().name, GetParam().name);
  EXPECT_GE(method->info().size_multiple, 1);
  const int size = 16 * method->info().size_multiple;
  for (const int frames : {1, 2, 5}) {
    if (method->info().window_frames != 0 && frames != method->info().window_frames) continue;
    std::vector<float> rainy(static_cast<std::size_t>(frames) * 3 *
                             static_cast<std::size_t>(size * size));
    for (std::size_t i = 0; i < rainy.size(); ++i) {
      rainy[i] = static_cast<float>(
          Random{.seed = 1, .particle = static_cast<std::uint32_t>(i)}.uniform(0));
    }
    for (const float value : derain(*method, rainy, frames, size))
      ASSERT_TRUE(std::isfinite(value));
    EXPECT_EQ(derain(*method, rainy, frames, size), derain(*method, rainy, frames, size));
  }
}

TEST_P(EveryMethod, StaticClipStaysStatic) {
  const auto method = GetParam().make();
  const int size = 16 * method->info().size_multiple;
  const int frames = method->info().window_frames == 0 ? 5 : method->info().window_frames;
  const std::vector<float> rainy(
      static_cast<std::size_t>(frames) * 3 * static_cast<std::size_t>(size * size), 0.25F);
  for (const float value : derain(*method, rainy, frames, size)) ASSERT_NEAR(value, 0.25F, 0.05F);
}

TEST(Methods, IdentityChangesNothing) {
  const std::vector<float> rainy = {0.0F, 0.5F, 1.0F};
  EXPECT_EQ(derain(*make_method("identity"), rainy, 1, 1), rainy);
}

/// A moving texture of 64 by 64, five frames, one pixel to the right a frame.
std::vector<float> moving_texture(int frames) {
  constexpr int kSize = 64;
  std::vector<float> out;
  for (int t = 0; t < frames; ++t) {
    for (int c = 0; c < 3; ++c) {
      for (int y = 0; y < kSize; ++y) {
        for (int x = 0; x < kSize; ++x) {
          const double wave =
              std::sin(0.35 * (x - t) + 0.2 * y) + std::sin(0.11 * (x - t) * (1 + c));
          out.push_back(static_cast<float>(0.4 + 0.1 * wave));
        }
      }
    }
  }
  return out;
}

double mean_square(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i] - b[i]), 2);
  return sum / static_cast<double>(a.size());
}

/// Six streaks, ten pixels apart, that are `shift` further to the right in every frame.
std::vector<float> with_streaks(std::vector<float> frames, int shift) {
  for (int t = 0; t < 5; ++t) {
    for (int k = 0; k < 6; ++k) {
      const int x = (t * shift + k * 10 + 3) % 64;
      for (int c = 0; c < 3; ++c) {
        for (int y = 5 * k; y < 5 * k + 30; ++y) {
          frames[static_cast<std::size_t>(((t * 3 + c) * 64 + y) * 64 + x)] += 0.4F;
        }
      }
    }
  }
  return frames;
}

TEST(Methods, MedianAndOpeningRemoveStreaksTheyAreMadeFor) {
  const std::vector<float> truth = moving_texture(5);
  const std::vector<float> rainy = with_streaks(truth, 15);
  const double before = mean_square(rainy, truth);
  EXPECT_LT(mean_square(derain(*make_method("temporal-median"), rainy, 5, 64), truth), before / 8);
  EXPECT_LT(mean_square(derain(*make_method("streak-opening"), rainy, 5, 64), truth), before / 2);
}

// Streaks that come again three pixels on in the next frame (13 less their distance of 10) look
// like a moving scene: the blocks follow them, and most of the rain stays.
TEST(Methods, MedianTakesRegularStreaksForMotion) {
  const std::vector<float> truth = moving_texture(5);
  const std::vector<float> rainy = with_streaks(truth, 13);
  const double kept = mean_square(derain(*make_method("temporal-median"), rainy, 5, 64), truth) /
                      mean_square(rainy, truth);
  EXPECT_LT(kept, 1 / 2.5);
  EXPECT_GT(kept, 1 / 4.0);
}

TEST(Methods, QuietDiscsInAMovingPictureAreFilled) {
  const int frames = 9;
  const std::vector<float> truth = moving_texture(frames);
  std::vector<float> rainy = truth;
  for (int t = 0; t < frames; ++t) {
    for (int c = 0; c < 3; ++c) {
      for (int y = 20; y < 34; ++y) {
        for (int x = 25; x < 39; ++x) {
          if ((y - 27) * (y - 27) + (x - 32) * (x - 32) > 36) continue;
          rainy[static_cast<std::size_t>(((t * 3 + c) * 64 + y) * 64 + x)] = 0.95F;
        }
      }
    }
  }
  const double before = mean_square(rainy, truth);
  EXPECT_LT(mean_square(derain(*make_method("drop-inpaint"), rainy, frames, 64), truth),
            before / 4);
}

TEST(Methods, ColourFitUndoesAnyAffineRecolouring) {
  const std::vector<float> truth = moving_texture(1);
  std::vector<float> seen(2 * truth.size());
  const std::size_t plane = truth.size() / 3;
  for (std::size_t i = 0; i < plane; ++i) {
    const float r = truth[i];
    const float g = truth[plane + i];
    const float b = truth[2 * plane + i];
    seen[i] = 0.1F + 0.5F * r + 0.2F * g;
    seen[plane + i] = 0.2F + 0.6F * g - 0.1F * b;
    seen[2 * plane + i] = 0.7F * b + 0.1F * r;
  }
  std::copy(truth.begin(), truth.end(), seen.begin() + static_cast<std::ptrdiff_t>(truth.size()));
  std::vector<float> clean(truth.size());
  make_method("best-affine-colour-fit")
      ->derain({seen.data(), 1, 6, 64, 64}, {clean.data(), 1, 3, 64, 64});
  EXPECT_LT(mean_square(clean, truth), 1e-10);
}

TEST(Methods, UnknownNameSuggestsTheNearest) {
  try {
    make_method("identiy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error.what()).find("did you mean 'identity'"), std::string::npos);
  }
}

}  // namespace
}  // namespace pluvia
