// SPDX-License-Identifier: Apache-2.0
#include "eval/experiment/experiment.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/manifest.h"
#include "core/text.h"

namespace pluvia {
namespace {

std::vector<std::string> texts(const Json& json, const char* key) {
  return json.contains(key) ? json[key].get<std::vector<std::string>>()
                            : std::vector<std::string>{};
}

std::string needed(const Json& json, const char* key, const std::string& place) {
  if (!json.contains(key)) fail(place, ": no key '", key, "'");
  return json[key].get<std::string>();
}

ExperimentTraining training_of(const Json& json, const std::string& place) {
  require_known_keys(json, {"schedule", "data", "valid", "set", "seeds"}, place);
  ExperimentTraining out;
  out.schedule = needed(json, "schedule", place);
  out.data = needed(json, "data", place);
  out.valid = json.value("valid", "");
  out.overrides = texts(json, "set");
  out.seeds = json.value("seeds", std::vector<std::int64_t>{1});
  if (out.seeds.empty()) fail(place, ": 'seeds' is empty");
  for (const std::int64_t seed : out.seeds) {
    if (seed < 0) fail(place, ": seed ", seed, ", expected 0 or more");
    if (std::count(out.seeds.begin(), out.seeds.end(), seed) > 1) {
      fail(place, ": seed ", seed, " is there twice");
    }
  }
  return out;
}

ExperimentMethod method_of(const Json& json) {
  require_known_keys(json, {"method", "label", "weights", "set", "train"}, "methods");
  ExperimentMethod out;
  out.method = needed(json, "method", "methods");
  out.label = json.value("label", out.method);
  out.weights = json.value("weights", "");
  out.options = texts(json, "set");
  out.trained = json.contains("train");
  if (out.trained && !out.weights.empty()) {
    fail("method '", out.label, "': has 'weights' and 'train'; expected one of them");
  }
  if (out.trained) out.training = training_of(json["train"], out.label + ".train");
  return out;
}

Experiment parse(const Json& json) {
  require_known_keys(
      json, {"name", "title", "note", "sets", "methods", "scores", "curves", "tables", "against"},
      "experiment");
  Experiment out;
  out.name = json.value("name", "");
  out.title = json.value("title", "");
  for (const auto& [name, set] : json.at("sets").items()) {
    require_known_keys(set, {"recipe", "set"}, "sets." + name);
    out.sets.push_back({name, needed(set, "recipe", "sets." + name), texts(set, "set")});
  }
  for (const Json& method : json.at("methods")) out.methods.push_back(method_of(method));
  for (const Json& score : json.at("scores")) {
    require_known_keys(score, {"set", "protocol"}, "scores");
    out.scores.push_back({needed(score, "set", "scores"), needed(score, "protocol", "scores")});
  }
  for (const Json& curve : json.value("curves", Json::array())) {
    require_known_keys(curve, {"title", "set", "x", "x_name", "y"}, "curves");
    out.curves.push_back({curve.value("title", ""), needed(curve, "set", "curves"),
                          needed(curve, "x", "curves"), curve.value("x_name", ""),
                          curve.value("y", "psnr")});
  }
  out.tables = texts(json, "tables");
  out.against = json.value("against", "");
  return out;
}

void require_label(const Experiment& experiment) {
  if (experiment.against.empty()) return;
  std::vector<std::string> labels;
  for (const ExperimentMethod& method : experiment.methods) labels.push_back(method.label);
  if (std::find(labels.begin(), labels.end(), experiment.against) != labels.end()) return;
  fail("against: there is no method '", experiment.against, "'",
       did_you_mean(experiment.against, labels), "; there are ", join(labels, ", "));
}

void check(const Experiment& experiment) {
  std::vector<std::string> sets;
  for (const ExperimentSet& set : experiment.sets) {
    if (set.name.empty() || set.name != file_name_of(set.name) || set.name.starts_with('.')) {
      fail("sets: '", set.name, "': expected letters, digits, '-', '_' and '.'");
    }
    sets.push_back(set.name);
  }
  const auto require_set = [&](const std::string& name, const std::string& place) {
    if (std::find(sets.begin(), sets.end(), name) == sets.end()) {
      fail(place, ": there is no set '", name, "'", did_you_mean(name, sets));
    }
  };
  if (experiment.methods.empty() || experiment.scores.empty()) {
    fail("expected at least one of 'methods' and of 'scores'");
  }
  std::map<std::string, std::string> labels;  // by the name of their files
  for (const ExperimentMethod& method : experiment.methods) {
    if (method.label.empty()) fail("methods: a label is empty");
    const auto [other, fresh] = labels.emplace(file_name_of(method.label), method.label);
    if (!fresh && other->second == method.label) {
      fail("methods: two are called '", method.label, "'; give each a label");
    }
    if (!fresh) {
      fail("methods: '", other->second, "' and '", method.label, "' would both be kept as ",
           other->first, "; change a label");
    }
    if (method.trained && !method.training.valid.empty()) {
      require_set(method.training.valid, method.label + ".train.valid");
    }
  }
  require_label(experiment);
  std::set<std::pair<std::string, std::string>> scored_by;
  for (const ExperimentScore& score : experiment.scores) {
    require_set(score.set, "scores");
    if (!scored_by.emplace(score.set, score.protocol).second) {
      fail("scores: set '", score.set, "' by ", score.protocol, " is there twice");
    }
  }
  for (const ExperimentCurve& curve : experiment.curves) {
    require_set(curve.set, "curves");
    const bool scored = std::any_of(experiment.scores.begin(), experiment.scores.end(),
                                    [&](const ExperimentScore& s) { return s.set == curve.set; });
    if (!scored) fail("curves: set '", curve.set, "' is not among the scores");
  }
}

void apply_override(Experiment& experiment, const std::string& pair) {
  const std::vector<std::string> parts = split(pair.substr(0, pair.find('=')), '.');
  if (pair.find('=') != std::string::npos && parts.size() >= 2 && parts[0] == "train") {
    bool trained = false;
    for (ExperimentMethod& method : experiment.methods) {
      method.training.overrides.push_back(pair.substr(6));
      trained = trained || method.trained;
    }
    if (!trained) fail_usage("--set ", pair, ": the experiment trains nothing");
    return;
  }
  if (pair.find('=') != std::string::npos && parts.size() >= 3 && parts[0] == "sets") {
    for (ExperimentSet& set : experiment.sets) {
      if (set.name != parts[1]) continue;
      set.overrides.push_back(pair.substr(6 + parts[1].size()));
      return;
    }
  }
  fail_usage("--set ", pair, ": expected train.KEY=VALUE or sets.NAME.KEY=VALUE");
}

}  // namespace

std::string file_name_of(const std::string& label) {
  std::string out;
  for (const char c : label) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    out += plain ? c : '_';
  }
  return out;
}

Experiment load_experiment(const std::string& name_or_path,
                           const std::vector<std::string>& overrides) {
  const fs::path file = find_manifest("experiments", name_or_path);
  const Json json = parse_json(read_text(file), file.string());
  return within(file.string(), [&] {
    try {
      Experiment experiment = parse(json);
      if (experiment.name.empty()) experiment.name = file.stem().string();
      for (const std::string& pair : overrides) apply_override(experiment, pair);
      check(experiment);
      return experiment;
    } catch (const Json::exception& error) {
      fail("a value of the wrong type, or a key that is missing: ", error.what());
    }
  });
}

}  // namespace pluvia
