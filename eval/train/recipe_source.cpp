// SPDX-License-Identifier: Apache-2.0
// Rain rendered as it is needed: every visit is a new clip of the recipe (scene, rain and drops of
// its own), of which one window is rendered whole and cut into crops. Nothing is stored, and no two
// visits are alike.
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/manifest.h"
#include "eval/train/training_source.h"
#include "synth/rain_params.h"
#include "synth/recipe.h"
#include "synth/renderer.h"
#include "synth/scenes/scenes.h"

namespace pluvia {
namespace {

enum Draw : std::uint32_t { kClip, kVariant, kStart, kFirstCrop };

/// Clips of their own: those of a set of this recipe have smaller numbers.
constexpr std::uint32_t kFirstClip = 1'000'000;
constexpr std::uint32_t kClips = 1'000'000'000;

class RecipeSource final : public TrainingSource {
 public:
  RecipeSource(const Json& json, const std::string& place, const LayerSet& layers,
               const SampleShape& shape)
      : recipe_(synth::Recipe::parse(json, place)),
        hash_(sha256_hex(canonical_text(json))),
        layers_(layers),
        shape_(shape) {
    if (recipe_.scenes.empty()) {
      fail_usage("training on ", place,
                 ": it renders rain over footage; render it with synth "
                 "first and train on the set");
    }
    if (recipe_.frames < shape.frames || recipe_.height < shape.height ||
        recipe_.width < shape.width) {
      fail_usage("training on ", place, ": its clips are ", counted(recipe_.frames, "frame"),
                 " of ", recipe_.width, "x", recipe_.height, ", a crop is ",
                 counted(shape.frames, "frame"), " of ", shape.width, "x", shape.height,
                 ": set frames, crop_px or data.size");
    }
    for (const Layer layer : layers.list()) {
      if (spec(layer).type != DType::kU8) {
        fail_usage("training on ", place, ": no layer ", spec(layer).name);
      }
    }
  }

  std::string describe() const override {
    return cat("rain rendered as needed: ", recipe_.title.empty() ? "a recipe" : recipe_.title,
               ", ", recipe_.width, "x", recipe_.height);
  }

  std::string identity() const override {
    return Json{{"kind", "recipe"}, {"recipe_sha256", hash_}}.dump();
  }

  std::vector<TrainingSample> visit(const Random& random, int crops) const override {
    const std::uint32_t number = kFirstClip + random.below(kClip, kClips);
    const auto choose = [&](std::uint32_t draw, std::size_t room) {
      return random.below(draw, static_cast<std::uint32_t>(room));
    };
    const synth::Variant& variant = recipe_.variants[choose(kVariant, recipe_.variants.size())];
    const int start = static_cast<int>(
        choose(kStart, static_cast<std::size_t>(recipe_.frames - shape_.frames + 1)));
    const std::unique_ptr<synth::Scene> scene = scene_of(number);
    const synth::RainRenderer rain(
        synth::RainParams::of(recipe_.rain_of(number, variant), scene->speed_m_s()), recipe_.seed,
        number);
    std::vector<TrainingSample> samples(static_cast<std::size_t>(crops));
    for (TrainingSample& sample : samples) sample = empty_sample();
    FrameLayers frame;
    for (int t = 0; t < shape_.frames; ++t) {
      rain.render_into(scene->frame(start + t), rain.layers(), frame);
      for (std::size_t i = 0; i < samples.size(); ++i) {
        const auto draw = kFirstCrop + 2 * static_cast<std::uint32_t>(i);
        const auto y = choose(draw, static_cast<std::size_t>(recipe_.height - shape_.height + 1));
        const auto x = choose(draw + 1, static_cast<std::size_t>(recipe_.width - shape_.width + 1));
        cut(frame, t, y, x, samples[i]);
      }
    }
    return samples;
  }

 private:
  std::unique_ptr<synth::Scene> scene_of(std::uint32_t number) const {
    const synth::SceneInfo info = {recipe_.frames, recipe_.height, recipe_.width, recipe_.fps};
    const std::string& name = recipe_.scenes[number % recipe_.scenes.size()];
    return synth::scenes::find_scene(name).make({recipe_.seed * 1000003 + number, info});
  }

  TrainingSample empty_sample() const {
    TrainingSample sample{shape_, {}};
    const auto pixels = static_cast<std::size_t>(shape_.frames) *
                        static_cast<std::size_t>(shape_.height) *
                        static_cast<std::size_t>(shape_.width);
    for (const Layer layer : layers_.list()) {
      sample.layers.emplace_back(layer,
                                 std::vector<std::uint8_t>(pixels * spec(layer).pixel_bytes()));
    }
    return sample;
  }

  void cut(const FrameLayers& frame, int t, std::size_t y, std::size_t x,
           TrainingSample& sample) const {
    const auto height = static_cast<std::size_t>(shape_.height);
    const auto width = static_cast<std::size_t>(recipe_.width);
    for (auto& [layer, bytes] : sample.layers) {
      const std::size_t pixel = spec(layer).pixel_bytes();
      const std::size_t row = static_cast<std::size_t>(shape_.width) * pixel;
      const auto* const from = reinterpret_cast<const std::uint8_t*>(frame.of(layer).data());
      std::uint8_t* to = bytes.data() + static_cast<std::size_t>(t) * height * row;
      for (std::size_t i = 0; i < height; ++i, to += row) {
        std::copy_n(from + ((y + i) * width + x) * pixel, row, to);
      }
    }
  }

  synth::Recipe recipe_;
  std::string hash_;
  LayerSet layers_;
  SampleShape shape_;
};

}  // namespace

std::unique_ptr<TrainingSource> open_recipe_source(const std::string& name_or_path,
                                                   const std::vector<std::string>& overrides,
                                                   const LayerSet& layers,
                                                   const SampleShape& shape) {
  const fs::path file = find_manifest("recipes", name_or_path);
  Json json = parse_json(read_text(file), file.string());
  for (const std::string& pair : overrides) synth::Recipe::apply_override(json, pair);
  return std::make_unique<RecipeSource>(json, file.string(), layers, shape);
}

}  // namespace pluvia
