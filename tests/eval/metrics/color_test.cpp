// SPDX-License-Identifier: Apache-2.0
// The lumas against their definitions on every colour there is.
#include "eval/metrics/color.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "core/rng.h"
#include "eval/metrics/luma_row.h"

namespace pluvia {
namespace {

constexpr std::array kLumaBodies = {LumaBody::kPlain, LumaBody::kAvx2, LumaBody::kAvx512,
                                    LumaBody::kVnni};

TEST(Color, EveryRoundedLumaOnEveryColour) {
  Image<std::uint8_t> all(4096, 4096, 3);
  for (std::uint32_t i = 0; i < 1U << 24; ++i) {
    for (std::uint32_t c = 0; c < 3; ++c) {
      all.pixels()[std::size_t{i} * 3 + c] = static_cast<std::uint8_t>(i >> (8 * c));
    }
  }
  std::vector<Image<std::uint8_t>> y601;
  for (const LumaBody body : kLumaBodies) {
    y601.emplace_back(4096, 4096, 1);
    for (int y = 0; y < 4096; ++y) {
      y601_row(all.view().row(y).data(), y601.back().view().row(y).data(), 4096, body);
    }
  }
  const auto ycv2 = to_color_u8(all.view(), Color::kYcv2);
  const auto gray = to_color_u8(all.view(), Color::kGrayMatlab);
  std::int64_t wrong = 0;
  for (std::uint32_t i = 0; i < 1U << 24; ++i) {
    const std::uint64_t r = i & 255;
    const std::uint64_t g = i >> 8 & 255;
    const std::uint64_t b = i >> 16;
    const std::uint64_t want = (65481 * r + 128553 * g + 24966 * b + 127500) / 255000 + 16;
    for (const auto& image : y601) wrong += image.pixels()[i] != want;
    wrong += ycv2.pixels()[i] != (4899 * r + 9617 * g + 1868 * b + 8192) >> 14;
    // rgb2gray's weights in units of 1e-15
    const std::uint64_t sum = 298936021293775 * r + 587043074451121 * g + 114020904255103 * b;
    wrong += gray.pixels()[i] != (sum + 500000000000000) / 1000000000000000;
  }
  EXPECT_EQ(wrong, 0);
}

// Wide registers do part of a row and leave the rest.
TEST(Color, EveryWidthOfARow) {
  for (int width = 1; width <= 150; ++width) {
    // Exactly as long as what may be read and written: the sanitizers see one byte more.
    std::vector<std::uint8_t> rgb;
    for (std::uint32_t i = 0; i < 3 * static_cast<std::uint32_t>(width); ++i) {
      const Random random{.seed = 3, .particle = i};
      rgb.push_back(static_cast<std::uint8_t>(255.99 * random.uniform(0)));
    }
    std::vector<std::uint8_t> plain(static_cast<std::size_t>(width));
    y601_row(rgb.data(), plain.data(), width, LumaBody::kPlain);
    for (const LumaBody body : kLumaBodies) {
      std::vector<std::uint8_t> wide(static_cast<std::size_t>(width));
      y601_row(rgb.data(), wide.data(), width, body);
      EXPECT_EQ(wide, plain) << width << ", " << static_cast<int>(body);
    }
  }
}

}  // namespace
}  // namespace pluvia
