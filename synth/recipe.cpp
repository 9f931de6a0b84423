// SPDX-License-Identifier: Apache-2.0
#include "synth/recipe.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "synth/footage_camera.h"
#include "synth/rain_params.h"
#include "synth/value_rule.h"

namespace pluvia::synth {
namespace {

const std::vector<std::string>& recipe_keys() {
  static const std::vector<std::string> keys = {
      "title",      "help",   "look",    "seed",   "clips", "frames", "size",  "fps",
      "test_share", "scenes", "sources", "layers", "rain",  "camera", "twins", "sweep"};
  return keys;
}

double number_of(const Json& json, const char* key, double fallback, double low, double high) {
  if (!json.contains(key)) return fallback;
  if (!json[key].is_number()) fail_usage("'", key, "' is not a number");
  const double value = json[key].get<double>();
  if (!(value >= low && value <= high)) {
    fail_usage("'", key, "' is ", value, ", expected ", low, " to ", high);
  }
  return value;
}

int whole_of(const Json& json, const char* key, int fallback, int low, int high) {
  const double value = number_of(json, key, fallback, low, high);
  if (value != std::floor(value)) fail_usage("'", key, "' is ", value, ", expected a whole number");
  return static_cast<int>(value);
}

std::string text_of(const Json& json, const char* key, const std::string& fallback) {
  if (!json.contains(key)) return fallback;
  if (!json[key].is_string()) fail_usage("'", key, "' is not text");
  return json[key].get<std::string>();
}

std::vector<std::string> names_of(const Json& json, const char* key) {
  std::vector<std::string> names;
  if (!json.contains(key)) return names;
  const Json& list = json[key];
  const bool texts = list.is_array() && std::all_of(list.begin(), list.end(),
                                                    [](const Json& n) { return n.is_string(); });
  if (!texts) fail_usage("'", key, "' is ", list.dump(), ", expected a list of names");
  for (const Json& name : list) names.push_back(name.get<std::string>());
  return names;
}

std::string rules_of(const Json& json, const char* key) {
  if (!json.contains(key)) return "{}";
  if (!json[key].is_object()) fail_usage("'", key, "' is not an object");
  return json[key].dump();
}

LayerSet extra_layers_of(const Json& json) {
  LayerSet layers;
  for (const std::string& name : names_of(json, "layers")) {
    if (name != "depth" && name != "flow") {
      fail_usage("'layers' has '", name, "', expected depth or flow; the others are always there");
    }
    layers.add(*layer_by_name(name));
  }
  return layers;
}

std::uint64_t seed_of(const Json& json) {
  if (!json.contains("seed")) return 1;
  if (!json["seed"].is_number_unsigned()) fail_usage("'seed' is not a whole number from 0 on");
  return json["seed"].get<std::uint64_t>();
}

bool is_rain_key(const std::string& name) {
  const auto table = rain_param_table();
  return std::any_of(table.begin(), table.end(),
                     [&](const Param& row) { return name == row.name; });
}

/// What a set's layers mean is one for all of it.
void require_one_formation(const Recipe& recipe) {
  const Json rain = Json::parse(recipe.rain_text);
  if (rain.contains("formation") && !rain["formation"].is_string()) {
    fail_usage("'formation' is ", rain["formation"].dump(),
               ", expected vrds or physical: all clips of a set have one formation");
  }
  for (const Variant& variant : recipe.variants) {
    for (const auto& [key, value] : variant.changes) {
      if (key == "formation") {
        fail_usage("'sweep' has 'formation': all clips of a set have one; render two sets");
      }
    }
  }
}

void read_keys(const Json& json, Recipe& recipe) {
  recipe.title = text_of(json, "title", "");
  recipe.look = text_of(json, "look", "physical");
  if (recipe.look != "vrds" && recipe.look != "physical") {
    fail_usage("'look' is '", recipe.look, "', expected vrds or physical");
  }
  recipe.seed = seed_of(json);
  recipe.clips = whole_of(json, "clips", recipe.clips, 1, 100000);
  recipe.frames = whole_of(json, "frames", recipe.frames, 1, 100000);
  recipe.fps = number_of(json, "fps", recipe.fps, 0.1, 1000);
  recipe.test_share = number_of(json, "test_share", 0, 0, 1);
  const auto size = parse_size(text_of(json, "size", "640x360"));
  if (!size) fail_usage("'size' is not WIDTHxHEIGHT");
  recipe.height = size->height;
  recipe.width = size->width;
  recipe.scenes = names_of(json, "scenes");
  recipe.sources = names_of(json, "sources");
  recipe.extra_layers = extra_layers_of(json);
  recipe.rain_text = rules_of(json, "rain");
  recipe.camera_text = rules_of(json, "camera");
  recipe.variants = variants_of(json);
}

}  // namespace

Recipe Recipe::parse(const Json& json, const std::string& place) {
  return within(place, [&] {
    require_known_keys(json, recipe_keys(), "recipe");
    Recipe recipe;
    read_keys(json, recipe);
    require_one_formation(recipe);
    // An unknown key or a range that leaves its bounds shows now, not when its clip's turn comes.
    for (const Variant& variant : recipe.variants) {
      RainParams::of(recipe.rain_of(0, variant));
    }
    recipe.camera_of(0);
    return recipe;
  });
}

void Recipe::apply_override(Json& json, const std::string& pair) {
  for (const char* part : {"rain", "camera"}) {
    if (json.contains(part)) rules_of(json, part);
  }
  const std::size_t equals = pair.find('=');
  if (equals == std::string::npos || equals == 0) {
    fail_usage("--set ", pair, ": expected key=value");
  }
  const std::string key = pair.substr(0, equals);
  const std::string text = pair.substr(equals + 1);
  const Json parsed = Json::parse(text, nullptr, false);
  const Json value = parsed.is_discarded() ? Json(text) : parsed;
  const std::vector<std::string>& known = recipe_keys();
  if (key.rfind("rain.", 0) == 0) {
    json["rain"][key.substr(5)] = value;
  } else if (key.rfind("camera.", 0) == 0) {
    json["camera"][key.substr(7)] = value;
  } else if (is_rain_key(key)) {
    json["rain"][key] = value;
  } else if (std::find(known.begin(), known.end(), key) != known.end()) {
    json[key] = value;
  } else {
    std::vector<std::string> all = known;
    for (const Param& row : rain_param_table()) all.emplace_back(row.name);
    for (const Param& row : footage_camera_table())
      all.push_back("camera." + std::string(row.name));
    fail_usage("--set ", pair, ": unknown key '", key, "'", did_you_mean(key, all),
               "; `pluvia synth --help` lists them");
  }
}

std::string Recipe::formation() const { return rain_of(0, variants.front()).text("formation"); }

Params Recipe::rain_of(std::uint32_t clip, const Variant& variant) const {
  Params params = look == "vrds" ? vrds_look() : Params(rain_param_table());
  draw_params(Json::parse(rain_text), rain_param_table(), {seed, clip}, params);
  for (const auto& [key, value] : variant.changes) params.set(key, value);
  return params;
}

Params Recipe::camera_of(std::uint32_t clip) const {
  Params params(footage_camera_table());
  draw_params(Json::parse(camera_text), footage_camera_table(), {seed, clip}, params);
  return params;
}

bool Recipe::is_test(int clip) const {
  return std::floor((clip + 1) * test_share) > std::floor(clip * test_share);
}

}  // namespace pluvia::synth
