// SPDX-License-Identifier: Apache-2.0
#include "synth/recipe.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/rng.h"
#include "core/text.h"
#include "synth/rain_params.h"

namespace pluvia::synth {
namespace {

constexpr std::uint32_t kFirstDrawDimension = 9000;  // apart from those of the effects

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

bool is_range(const Json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_number() && value[1].is_number();
}

Params look_of(const std::string& look) {
  return look == "vrds" ? vrds_look() : Params(rain_param_table());
}

std::string plain_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Whole parameters take whole draws.
std::string drawn_text(const Param& row, double value) {
  return row.kind == ParamKind::kInteger ? std::to_string(std::llround(value)) : to_text(value);
}

const Param* row_of(const std::string& name) {
  for (const Param& row : rain_param_table()) {
    if (name == row.name) return &row;
  }
  return nullptr;
}

}  // namespace

Recipe Recipe::parse(const Json& json, const std::string& place) {
  return within(place, [&] {
    require_known_keys(
        json,
        {"title", "help", "look", "clips", "frames", "size", "fps", "test_share", "scenes", "rain"},
        "recipe");
    Recipe recipe;
    recipe.title = text_of(json, "title", "");
    recipe.look = text_of(json, "look", "physical");
    if (recipe.look != "vrds" && recipe.look != "physical") {
      fail_usage("'look' is '", recipe.look, "', expected vrds or physical");
    }
    recipe.clips = whole_of(json, "clips", recipe.clips, 1, 100000);
    recipe.frames = whole_of(json, "frames", recipe.frames, 1, 100000);
    recipe.fps = number_of(json, "fps", recipe.fps, 0.1, 1000);
    recipe.test_share = number_of(json, "test_share", 0, 0, 1);
    const auto size = parse_size(text_of(json, "size", "640x360"));
    if (!size) fail_usage("'size' is not WIDTHxHEIGHT");
    recipe.height = size->height;
    recipe.width = size->width;
    if (json.contains("scenes")) {
      if (!json["scenes"].is_array()) fail_usage("'scenes' is not a list of names");
      for (const Json& scene : json["scenes"]) recipe.scenes.push_back(plain_text(scene));
    }
    if (json.contains("rain")) {
      if (!json["rain"].is_object()) fail_usage("'rain' is not an object");
      recipe.rain_text = json["rain"].dump();
    }
    recipe.draw(0, 0);  // an unknown key or a range that leaves its bounds shows now
    return recipe;
  });
}

void Recipe::apply_override(Json& json, const std::string& pair) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string::npos || equals == 0)
    fail_usage("--set ", pair, ": expected key=value");
  const std::string key = pair.substr(0, equals);
  const std::string text = pair.substr(equals + 1);
  const Json parsed = Json::parse(text, nullptr, false);
  const Json value = parsed.is_discarded() ? Json(text) : parsed;
  const bool rain = key.rfind("rain.", 0) == 0;
  if (rain || row_of(key) != nullptr) {
    json["rain"][rain ? key.substr(5) : key] = value;
  } else {
    json[key] = value;
  }
}

Params Recipe::draw(std::uint64_t seed, std::uint32_t clip) const {
  Params params = look_of(look);
  const Json rain = Json::parse(rain_text);
  std::uint32_t dimension = kFirstDrawDimension;
  for (const auto& [name, value] : rain.items()) {
    ++dimension;
    if (!is_range(value)) {
      params.set(name, plain_text(value));
      continue;
    }
    const double low = value[0].get<double>();
    const double high = value[1].get<double>();
    const Param* const row = row_of(name);
    const auto text = [&](double x) { return row == nullptr ? to_text(x) : drawn_text(*row, x); };
    params.set(name, text(low));  // both ends must be allowed, whatever is drawn
    params.set(name, text(high));
    params.set(name, text(Random{seed, clip, 0, 0}.uniform(dimension, low, high)));
  }
  return params;
}

bool Recipe::is_test(int clip) const {
  return std::floor((clip + 1) * test_share) > std::floor(clip * test_share);
}

}  // namespace pluvia::synth
