// SPDX-License-Identifier: Apache-2.0
// The same content from every level of instructions that this machine has (core/for_each.h): clips
// of two recipes, with noise, odd sizes and drops in and out of focus, hashed as a set hashes them.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/cpu.h"
#include "core/hash.h"
#include "synth/recipe.h"
#include "synth/renderer.h"
#include "synth/scenes/scenes.h"

namespace pluvia::synth {
namespace {

constexpr int kFrames = 3;

/// Of each layer, over the frames of a clip.
using Hashes = std::map<std::string, std::string>;

struct Look {
  const char* recipe;
  const char* aperture_mm;
  int height;
  int width;
};

Hashes hashes_of(const Look& look) {
  std::ifstream file(std::string(PLUVIA_SOURCE_DIR "/manifests/recipes/") + look.recipe + ".json");
  const Recipe recipe = Recipe::parse(Json::parse(file), look.recipe);
  Params params = recipe.rain_of(1, {});
  params.set("aperture_mm", look.aperture_mm);
  params.set("noise_shot", "0.001");
  params.set("noise_read", "0.003");
  const auto scene =
      scenes::find_scene("city-drive").make({7, {kFrames, look.height, look.width, 25}});
  const RainRenderer rain(RainParams::of(params, scene->speed_m_s()), 7, 1);
  std::map<std::string, Sha256> running;
  for (int t = 0; t < kFrames; ++t) {
    const FrameLayers layers = rain.render(scene->frame(t));
    for (const Layer layer : rain.layers().list()) {
      running[spec(layer).name].update(layers.of(layer));
    }
  }
  Hashes out;
  for (auto& [name, hash] : running) out[name] = hash.hex();
  return out;
}

const char* const kNames[] = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"};

class CpuLevels : public testing::TestWithParam<Look> {
 protected:
  void TearDown() override { set_kernel_level(cpu_level()); }
};

TEST_P(CpuLevels, GiveTheSameContent) {
  set_kernel_level(CpuLevel::kBaseline);
  const Hashes expected = hashes_of(GetParam());
  ASSERT_GE(expected.size(), 5U);
  ASSERT_NE(expected.at("lq"), expected.at("gt"));
  std::string missing;
  for (const CpuLevel level : {CpuLevel::kV2, CpuLevel::kV3, CpuLevel::kV4}) {
    const char* const name = kNames[static_cast<int>(level)];
    if (level > cpu_level()) {
      missing += std::string(" ") + name;
      continue;
    }
    set_kernel_level(level);
    EXPECT_EQ(hashes_of(GetParam()), expected) << name;
  }
  if (!missing.empty()) GTEST_SKIP() << "this machine has no instructions of" << missing;
}

INSTANTIATE_TEST_SUITE_P(Recipes, CpuLevels,
                         testing::Values(Look{"vrds", "0.6", 90, 161},
                                         Look{"physical", "1.5", 90, 161},
                                         Look{"physical", "0", 128, 192},
                                         Look{"vrds", "0.2", 128, 192}));

}  // namespace
}  // namespace pluvia::synth
