// SPDX-License-Identifier: Apache-2.0
// Hilbert orders: the official tables, and what any size must have.
#include "models/ops/hilbert.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "core/rng.h"
#include "tests/models/golden.h"

namespace pluvia::ops {
namespace {

TEST(Hilbert, EqualsTheOfficialTables) {
  const NpzArrays tables = golden::arrays("hilbert.npz");
  ASSERT_EQ(tables.size(), 16U);
  for (const auto& [name, table] : tables) {
    int frames = 0;
    int height = 0;
    int width = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "T%d_H%d_W%d", &frames, &height, &width), 3) << name;
    const auto expected = table.as<std::int32_t>();
    const auto found = hilbert_order(frames, height, width);
    EXPECT_TRUE(
        std::equal(expected.begin(), expected.end(), found->curve.begin(), found->curve.end()))
        << name;
  }
}

void check_order(int frames, int height, int width) {
  const auto order = hilbert_order(frames, height, width);
  const std::size_t count = static_cast<std::size_t>(frames * height * width);
  ASSERT_EQ(order->curve.size(), count);
  std::vector<bool> seen(count, false);
  for (std::size_t l = 0; l < count; ++l) {
    const std::int64_t at = order->curve[l];
    const std::int64_t t = at % frames;
    const std::int64_t x = at / frames % width;
    const std::int64_t y = at / frames / width;
    const auto raster = static_cast<std::size_t>((t * height + y) * width + x);
    ASSERT_LT(raster, count);
    ASSERT_FALSE(seen[raster]) << "visited twice";
    seen[raster] = true;
    ASSERT_EQ(order->raster[l], static_cast<std::int64_t>(raster));
    ASSERT_EQ(order->place[raster], static_cast<std::int64_t>(l));
  }
}

TEST(Hilbert, IsAPermutationAtAnySize) {
  for (std::uint32_t i = 0; i < 300; ++i) {
    const Random random{.seed = 3, .particle = i};
    const int frames = 1 + static_cast<int>(random.below(0, 9));
    const int height = 1 + static_cast<int>(random.below(1, 40));
    const int width = 1 + static_cast<int>(random.below(2, 40));
    SCOPED_TRACE(testing::Message() << frames << " " << height << " " << width);
    check_order(frames, height, width);
  }
  check_order(1, 1, 1);
  check_order(5, 180, 320);
}

TEST(Hilbert, StepsAreShort) {
  const auto order = hilbert_order(5, 64, 64);
  int diagonal = 0;
  for (std::size_t l = 1; l < order->curve.size(); ++l) {
    const std::int64_t a = order->curve[l - 1];
    const std::int64_t b = order->curve[l];
    const std::int64_t length =
        std::abs(a % 5 - b % 5) + std::abs(a / 5 % 64 - b / 5 % 64) + std::abs(a / 320 - b / 320);
    ASSERT_LE(length, 2);
    diagonal += length == 2 ? 1 : 0;
  }
  EXPECT_EQ(diagonal, 256);
}

TEST(Hilbert, MayBeAskedFromManyThreads) {
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([k] {
      for (int i = 1; i < 40; ++i)
        EXPECT_EQ(hilbert_order(1 + k % 2, i, 3)->curve.size(),
                  static_cast<std::size_t>((1 + k % 2) * i * 3));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace pluvia::ops
