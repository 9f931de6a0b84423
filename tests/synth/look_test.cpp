// SPDX-License-Identifier: Apache-2.0
// The recipes in the vrds look against what was measured on five published frames of VRDS: rainy
// input at 12 to 17 dB, a mean lift of +25 to +55 code values, neutral streaks that only brighten,
// 2 to 7 % of pixels darkened by more than 12, drops on 1 to 15 % of pixels. Single clips may lie
// at an edge; the middle of a recipe must lie within.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "synth/recipe.h"
#include "synth/renderer.h"
#include "synth/scenes/scenes.h"

namespace pluvia::synth {
namespace {

struct Look {
  double psnr = 0;
  double lift[3] = {};
  double darkened = 0;  ///< share of pixels
  double drops = 0;     ///< share of pixels with mask >= 128
};

const std::uint8_t* bytes(const FrameLayers& layers, Layer layer) {
  return reinterpret_cast<const std::uint8_t*>(layers.of(layer).data());
}

Look measure(const FrameLayers& layers) {
  const std::uint8_t* const lq = bytes(layers, Layer::kLq);
  const std::uint8_t* const gt = bytes(layers, Layer::kGt);
  const std::size_t pixels = layers.of(Layer::kMask).size();
  Look look;
  double squares = 0;
  for (std::size_t i = 0; i < pixels; ++i) {
    int sum = 0;
    for (std::size_t c = 0; c < 3; ++c) {
      const int difference = lq[3 * i + c] - gt[3 * i + c];
      squares += difference * difference;
      look.lift[c] += difference;
      sum += difference;
    }
    look.darkened += sum < -36 ? 1 : 0;
    look.drops += bytes(layers, Layer::kMask)[i] >= 128 ? 1 : 0;
  }
  const auto count = static_cast<double>(pixels);
  look.psnr = 10 * std::log10(255 * 255 / (squares / (3 * count)));
  for (double& lift : look.lift) lift /= count;
  look.darkened /= count;
  look.drops /= count;
  return look;
}

Look look_of(const Recipe& recipe, int clip, int frame) {
  const SceneInfo info{recipe.frames, recipe.height, recipe.width, recipe.fps};
  const std::string& scene = recipe.scenes[static_cast<std::size_t>(clip) % recipe.scenes.size()];
  const auto made = scenes::find_scene(scene).make(
      {recipe.seed * 1000003 + static_cast<std::uint64_t>(clip), info});
  const auto number = static_cast<std::uint32_t>(clip);
  const RainRenderer rain(RainParams::of(recipe.rain_of(number, {}), made->speed_m_s()),
                          recipe.seed, number);
  return measure(rain.render(made->frame(frame)));
}

double middle(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

class LookOfRecipe : public testing::TestWithParam<const char*> {};

TEST_P(LookOfRecipe, IsThatOfThePublishedFrames) {
  std::ifstream file(std::string(PLUVIA_SOURCE_DIR "/manifests/recipes/") + GetParam() + ".json");
  Recipe recipe = Recipe::parse(Json::parse(file), GetParam());
  recipe.height = 270;
  recipe.width = 480;
  std::vector<double> psnr;
  std::vector<double> lift;
  std::vector<double> drops;
  std::vector<double> darkened;
  for (int clip = 0; clip < 12; ++clip) {
    const Look look = look_of(recipe, clip, recipe.frames * clip / 12);
    std::ostringstream text;
    text << GetParam() << " clip " << clip << ": " << look.psnr << " dB, lift " << look.lift[1]
         << ", darkened " << 100 * look.darkened << " %, drops " << 100 * look.drops << " %";
    SCOPED_TRACE(text.str());
    RecordProperty("clip" + std::to_string(clip), text.str());
    EXPECT_GT(look.psnr, 11.5);
    EXPECT_LT(look.psnr, 17.5);
    EXPECT_GT(look.lift[1], 20);
    EXPECT_LT(look.lift[1], 60);
    EXPECT_LT(std::abs(look.lift[0] - look.lift[2]), 8) << "streaks are neutral";
    EXPECT_GT(look.drops, 0.01);
    EXPECT_LT(look.drops, 0.15);
    psnr.push_back(look.psnr);
    lift.push_back(look.lift[1]);
    drops.push_back(look.drops);
    darkened.push_back(look.darkened);
  }
  EXPECT_GT(middle(psnr), 12);
  EXPECT_LT(middle(psnr), 17);
  EXPECT_GT(middle(lift), 25);
  EXPECT_LT(middle(lift), 55);
  EXPECT_GT(middle(drops), 0.02);
  EXPECT_LT(middle(drops), 0.12);
  EXPECT_LT(middle(darkened), 0.09);
}

INSTANTIATE_TEST_SUITE_P(Vrds, LookOfRecipe, testing::Values("vrds", "vrds-mini"));

}  // namespace
}  // namespace pluvia::synth
