// SPDX-License-Identifier: Apache-2.0
// What every method of the table must do, before its author writes a test of its own.
#include "models/methods/methods.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/rng.h"

namespace pluvia {
namespace {

class EveryMethod : public testing::TestWithParam<MethodEntry> {};

INSTANTIATE_TEST_SUITE_P(Table, EveryMethod,
                         testing::ValuesIn(all_methods().begin(), all_methods().end()),
                         [](const auto& entry) { return std::string(entry.param.name); });

std::vector<float> derain(Method& method, const std::vector<float>& rainy, int frames, int size) {
  std::vector<float> clean(rainy.size(), std::nanf(""));
  method.derain({rainy.data(), frames, 3, size, size}, {clean.data(), frames, 3, size, size});
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
