// SPDX-License-Identifier: Apache-2.0
#include "synth/variants.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace pluvia::synth {
namespace {

struct Twin {
  const char* name;
  const char* key;
  const char* value;
};

constexpr Twin kTwins[] = {
    {"no-streaks", "streaks", "false"},
    {"no-drops", "drops_on", "false"},
    {"no-veil", "veil", "false"},
    {"still-drops", "drops_still", "true"},
};

/// Letters, digits, '.' and '-' of a value, for a clip's name.
std::string name_part(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    out += plain || c == '.' || c == '-' ? c : '_';
  }
  return out;
}

/// Variants are clips of their own: two of one name would be one.
std::vector<Variant> all_different(std::vector<Variant> variants, const char* list) {
  std::set<std::string> taken;
  for (const Variant& variant : variants) {
    if (!taken.insert(variant.name).second) fail_usage("'", list, "' has ", variant.name, " twice");
  }
  return variants;
}

std::vector<Variant> steps_of(const Json& sweep) {
  if (!sweep.is_object() || sweep.empty()) {
    fail_usage("'sweep' is ", sweep.dump(), ", expected {\"parameter\": [values], ...}");
  }
  std::vector<Variant> steps;
  for (const auto& [key, values] : sweep.items()) {
    if (!values.is_array() || values.empty()) {
      fail_usage("'sweep': '", key, "' is ", values.dump(), ", expected a list of values");
    }
    if (steps.empty()) {
      for (const Json& value : values) {
        steps.push_back({key + "-" + name_part(plain_text(value)), {}});
      }
    }
    if (values.size() != steps.size()) {
      fail_usage("'sweep': '", key, "' has ", values.size(), " values, the first list has ",
                 steps.size());
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
      steps[i].changes.emplace_back(key, plain_text(values[i]));
    }
  }
  return all_different(std::move(steps), "sweep");
}

std::vector<Variant> twins_of(const Json& list) {
  if (!list.is_array()) fail_usage("'twins' is ", list.dump(), ", expected a list of names");
  std::vector<Variant> twins = {{}};
  for (const Json& entry : list) {
    const std::string name = plain_text(entry);
    const Twin* found = nullptr;
    for (const Twin& twin : kTwins) {
      if (name == twin.name) found = &twin;
    }
    if (found == nullptr) {
      fail_usage("'twins': unknown twin '", name, "'", did_you_mean(name, twin_names()),
                 "; known: ", join(twin_names(), ", "));
    }
    twins.push_back({name, {{found->key, found->value}}});
  }
  return all_different(std::move(twins), "twins");
}

}  // namespace

std::vector<Variant> variants_of(const Json& recipe) {
  const std::vector<Variant> steps =
      recipe.contains("sweep") ? steps_of(recipe["sweep"]) : std::vector<Variant>{{}};
  const std::vector<Variant> twins =
      recipe.contains("twins") ? twins_of(recipe["twins"]) : std::vector<Variant>{{}};
  std::vector<Variant> out;
  for (const Variant& step : steps) {
    for (const Variant& twin : twins) {
      Variant both = step;
      if (!both.name.empty() && !twin.name.empty()) both.name += "_";
      both.name += twin.name;
      both.changes.insert(both.changes.end(), twin.changes.begin(), twin.changes.end());
      out.push_back(std::move(both));
    }
  }
  return out;
}

std::vector<std::string> twin_names() {
  std::vector<std::string> names;
  for (const Twin& twin : kTwins) names.emplace_back(twin.name);
  return names;
}

}  // namespace pluvia::synth
