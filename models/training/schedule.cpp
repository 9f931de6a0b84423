// SPDX-License-Identifier: Apache-2.0
#include "models/training/schedule.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>
#include <numeric>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/manifest.h"
#include "core/text.h"

namespace pluvia {
namespace {

using Kind = ParamKind;

constexpr Param kRun[] = {
    {"iterations", Kind::kInteger, "", "steps of the optimizer", "10000", 1, 1e9},
    {"batch", Kind::kInteger, "", "crops a step", "4", 1, 4096},
    {"accumulate", Kind::kInteger, "", "parts a batch is run in, to save memory", "1", 1, 4096},
    {"frames", Kind::kInteger, "", "consecutive frames of a crop", "5", 1, 1000},
    {"crop_px", Kind::kInteger, "px", "side of a crop", "128", 8, 16384},
    {"crops_per_window", Kind::kInteger, "", "crops cut from each window that is read", "1", 1,
     1024},
    {"seed", Kind::kInteger, "", "of weights, crops and everything drawn", "42", 0, 9e15},
    {"precision", Kind::kChoice, "", "of convolutions and matrix products", "float32", 0, 0,
     "float32|bfloat16"},
    {"clip_norm", Kind::kNumber, "", "largest norm of the gradient; 0: any", "0", 0, 1e9},
    {"ema_decay", Kind::kNumber, "", "of averaged weights; 0: none", "0", 0, 1},
    {"save_every", Kind::kInteger, "iterations", "between checkpoints", "5000", 1, 1e9},
    {"validate_every", Kind::kInteger, "iterations", "between validations", "5000", 1, 1e9},
    {"keep", Kind::kInteger, "", "checkpoints kept beside the best", "3", 1, 1000},
};

constexpr Param kOptimizer[] = {
    {"kind", Kind::kChoice, "", "rule of the step", "adam", 0, 0, "adam|adamw|sgd"},
    {"learning_rate", Kind::kNumber, "", "base rate", "0.0001", 0, 10},
    {"beta1", Kind::kNumber, "", "decay of the mean; momentum of sgd", "0.9", 0, 0.9999999},
    {"beta2", Kind::kNumber, "", "decay of the square", "0.999", 0, 0.9999999},
    {"epsilon", Kind::kNumber, "", "added to the root", "1e-8", 0, 1},
    {"weight_decay", Kind::kNumber, "", "adam: L2; adamw: decoupled", "0", 0, 10},
};

constexpr Param kLearningRate[] = {
    {"kind", Kind::kChoice, "", "shape over the run", "constant", 0, 0,
     "constant|poly|cosine|multistep"},
    {"power", Kind::kNumber, "", "of poly", "1", 0, 10},
    {"least", Kind::kNumber, "", "at the end of poly and cosine", "0", 0, 1},
    {"milestones", Kind::kText, "", "multistep: iterations, separated by commas", ""},
    {"gamma", Kind::kNumber, "", "multistep: factor at a milestone", "0.1", 0, 1},
    {"warmup_iterations", Kind::kInteger, "", "linear rise at the start", "0", 0, 1e9},
    {"warmup_ratio", Kind::kNumber, "", "of the rate at iteration 0", "0.000001", 0, 1},
};

const std::vector<std::string> kTopKeys = {"name",       "title",     "note",         "used_by",
                                           "pretrained", "network",   "augment",      "groups",
                                           "losses",     "optimizer", "learning_rate"};

std::vector<std::int64_t> milestones_of(const Params& rate) {
  std::vector<std::int64_t> out;
  for (const std::string& part : split(rate.text("milestones"), ',')) {
    if (part.empty()) continue;
    const auto value = parse_int(part);
    if (!value || *value < 0) {
      fail_usage("learning_rate.milestones: '", part,
                 "', expected whole numbers separated by commas");
    }
    out.push_back(*value);
  }
  return out;
}

Layer layer_at(const Json& json, const char* key, const char* fallback) {
  const std::string name = json.value(key, fallback);
  const auto layer = layer_by_name(name);
  if (layer) return *layer;
  std::vector<std::string> names;
  for (const LayerSpec& row : all_layers()) names.emplace_back(row.name);
  fail("'", key, "': unknown layer '", name, "'", did_you_mean(name, names));
}

LossTerm loss_of(const Json& json) {
  if (!json.is_object() || !json.contains("kind")) {
    fail("a loss is an object such as {\"kind\": \"charbonnier\"}, found ", json.dump());
  }
  const std::string kind = json["kind"].get<std::string>();
  std::vector<std::string> names;
  const LossKind* found = nullptr;
  for (const LossKind& row : all_losses()) {
    names.emplace_back(row.name);
    if (kind == row.name) found = &row;
  }
  if (found == nullptr) {
    fail("unknown loss '", kind, "'", did_you_mean(kind, names), "; known: ", join(names, ", "));
  }
  std::vector<std::string> known = {"kind", "output", "target", "weight"};
  Json params = Json::object();
  for (const Param& row : found->params) known.emplace_back(row.name);
  require_known_keys(json, known, kind);
  for (const auto& [key, value] : json.items()) {
    if (key != "kind" && key != "output" && key != "target" && key != "weight") params[key] = value;
  }
  LossTerm term{kind, json.value("output", "clean"), layer_at(json, "target", "gt"),
                json.value("weight", 1.0), Params(found->params)};
  term.params.set_all(params, kind);
  return term;
}

ParameterGroup group_of(const Json& json) {
  require_known_keys(json, {"contains", "rate_factor", "frozen_iterations"}, "groups");
  if (json.value("contains", "").empty()) fail("groups: expected 'contains', a part of names");
  const ParameterGroup group = {json["contains"].get<std::string>(), json.value("rate_factor", 1.0),
                                json.value("frozen_iterations", std::int64_t{0})};
  if (!(group.rate_factor >= 0) || group.frozen_iterations < 0) {
    fail("groups: '", group.contains, "': rate_factor and frozen_iterations are 0 or more");
  }
  return group;
}

Augment augment_of(const Json& json) {
  Augment out;
  for (const Json& item : json) {
    const std::string word = item.get<std::string>();
    bool* const flag = word == "flip-x"      ? &out.flip_x
                       : word == "flip-y"    ? &out.flip_y
                       : word == "transpose" ? &out.transpose
                                             : nullptr;
    const std::vector<std::string> words = {"flip-x", "flip-y", "transpose"};
    if (flag == nullptr) {
      fail("augment: unknown word '", word, "'", did_you_mean(word, words),
           "; known: ", join(words, ", "));
    }
    *flag = true;
  }
  return out;
}

void check(const Schedule& schedule) {
  if (schedule.losses.empty()) fail("'losses': expected at least one loss");
  if (schedule.run.integer("batch") % schedule.run.integer("accumulate") != 0) {
    fail_usage("accumulate=", schedule.run.integer("accumulate"),
               ": expected a divisor of batch=", schedule.run.integer("batch"));
  }
  milestones_of(schedule.learning_rate);
}

Schedule parse(const Json& json) {
  if (!json.is_object()) fail("expected an object");
  std::vector<std::string> known = kTopKeys;
  Json run = Json::object();
  for (const Param& row : run_param_table()) {
    known.emplace_back(row.name);
    if (json.contains(row.name)) run[row.name] = json[row.name];
  }
  require_known_keys(json, known, "schedule");
  Schedule out;
  out.name = json.value("name", "");
  out.title = json.value("title", "");
  out.note = json.value("note", "");
  if (json.contains("used_by")) out.used_by = json["used_by"].get<std::vector<std::string>>();
  if (json.contains("pretrained")) {
    out.pretrained = json["pretrained"].get<std::vector<std::string>>();
  }
  if (json.contains("network")) {
    for (const auto& [name, options] : json["network"].items()) {
      if (!options.is_object()) fail("network.", name, ": expected an object of options");
      out.network[name] = options.dump();
    }
  }
  out.run.set_all(run, "schedule");
  if (json.contains("optimizer")) out.optimizer.set_all(json["optimizer"], "optimizer");
  if (json.contains("learning_rate")) {
    out.learning_rate.set_all(json["learning_rate"], "learning_rate");
  }
  if (json.contains("augment")) out.augment = augment_of(json["augment"]);
  if (json.contains("groups")) {
    for (const Json& group : json["groups"]) out.groups.push_back(group_of(group));
  }
  if (json.contains("losses")) {
    for (const Json& loss : json["losses"]) out.losses.push_back(loss_of(loss));
  }
  check(out);
  return out;
}

/// "losses.hole.weight=0.2" reaches every loss of that kind.
void override_losses(Json& json, const std::string& pair, const Json& value) {
  const std::vector<std::string> parts = split(pair.substr(0, pair.find('=')), '.');
  if (parts.size() != 3) fail_usage("--set ", pair, ": expected losses.KIND.KEY=VALUE");
  std::vector<std::string> kinds;
  bool found = false;
  for (Json& loss : json["losses"]) {
    kinds.push_back(loss.is_object() ? loss.value("kind", "") : "");
    if (kinds.back() != parts[1]) continue;
    loss[parts[2]] = value;
    found = true;
  }
  if (!found) {
    fail_usage("--set ", pair, ": the schedule has no loss '", parts[1], "'",
               did_you_mean(parts[1], kinds), "; it has ", join(kinds, ", "));
  }
}

/// "optimizer.beta1=0.5" goes one level down; "iterations=10" stays at the top.
void apply_override(Json& json, const std::string& pair) {
  const std::size_t equals = pair.find('=');
  if (equals == std::string::npos) fail_usage("--set ", pair, ": expected key=value");
  const Json read = Json::parse(pair.substr(equals + 1), nullptr, false);
  const Json value = read.is_discarded() ? Json(pair.substr(equals + 1)) : read;
  std::string key = pair.substr(0, equals);
  if (key.starts_with("losses.")) return override_losses(json, pair, value);
  Json* at = &json;
  const std::size_t dot = key.find('.');
  if (dot != std::string::npos) {
    at = &json[key.substr(0, dot)];
    key = key.substr(dot + 1);
  }
  (*at)[key] = value;
}

/// Another batch is run in as many of the schedule's parts as divide it.
void fit_parts(Json& json, const std::vector<std::string>& overrides) {
  const auto sets = [&](const char* head) {
    return std::any_of(overrides.begin(), overrides.end(),
                       [&](const std::string& pair) { return pair.starts_with(head); });
  };
  if (!sets("batch=") || sets("accumulate=") || !json.contains("accumulate")) return;
  if (!json["accumulate"].is_number_integer() || !json["batch"].is_number_integer()) return;
  json["accumulate"] =
      std::gcd(json["accumulate"].get<std::int64_t>(), json["batch"].get<std::int64_t>());
}

}  // namespace

std::span<const Param> run_param_table() { return kRun; }
std::span<const Param> optimizer_param_table() { return kOptimizer; }
std::span<const Param> learning_rate_param_table() { return kLearningRate; }

Schedule::Schedule() : run(kRun), optimizer(kOptimizer), learning_rate(kLearningRate) {}

LayerSet Schedule::needs() const {
  LayerSet layers = {Layer::kLq};
  for (const LossTerm& term : losses) {
    layers.add(term.target);
    for (const LossKind& kind : all_losses()) {
      if (term.kind != kind.name) continue;
      for (const Layer layer : kind.reads()) layers.add(layer);
    }
  }
  return layers;
}

std::string Schedule::users_of(Layer layer) const {
  std::vector<std::string> users;
  for (const LossTerm& term : losses) {
    bool uses = term.target == layer;
    for (const LossKind& kind : all_losses()) {
      if (term.kind != kind.name) continue;
      for (const Layer read : kind.reads()) uses = uses || read == layer;
    }
    const bool new_one = std::find(users.begin(), users.end(), term.kind) == users.end();
    if (uses && new_one) users.push_back(term.kind);
  }
  return join(users, ", ");
}

double Schedule::rate_at(std::int64_t k, double factor) const {
  const double base = optimizer.number("learning_rate") * factor;
  const double least = learning_rate.number("least");
  const double share = static_cast<double>(k) / static_cast<double>(run.integer("iterations"));
  const std::string& kind = learning_rate.text("kind");
  double rate = base;
  if (kind == "poly") {
    rate = (base - least) * std::pow(1 - share, learning_rate.number("power")) + least;
  } else if (kind == "cosine") {
    rate = least + 0.5 * (base - least) * (std::cos(std::numbers::pi * share) + 1);
  } else if (kind == "multistep") {
    for (const std::int64_t milestone : milestones_of(learning_rate)) {
      if (k >= milestone) rate *= learning_rate.number("gamma");
    }
  }
  const std::int64_t warmup = learning_rate.integer("warmup_iterations");
  if (k < warmup) {
    const double missing = 1 - static_cast<double>(k) / static_cast<double>(warmup);
    rate *= 1 - missing * (1 - learning_rate.number("warmup_ratio"));
  }
  return rate;
}

Json Schedule::definition() const {
  Json out = run.to_json();
  out["optimizer"] = optimizer.to_json();
  out["learning_rate"] = learning_rate.to_json();
  out["augment"] = Json::array();
  if (augment.flip_x) out["augment"].push_back("flip-x");
  if (augment.flip_y) out["augment"].push_back("flip-y");
  if (augment.transpose) out["augment"].push_back("transpose");
  out["groups"] = Json::array();
  for (const ParameterGroup& group : groups) {
    out["groups"].push_back({{"contains", group.contains},
                             {"rate_factor", group.rate_factor},
                             {"frozen_iterations", group.frozen_iterations}});
  }
  out["losses"] = Json::array();
  for (const LossTerm& term : losses) {
    Json loss = {{"kind", term.kind},
                 {"output", term.output},
                 {"target", spec(term.target).name},
                 {"weight", term.weight}};
    loss.update(term.params.to_json());
    out["losses"].push_back(loss);
  }
  return out;
}

std::string Schedule::sha256() const { return sha256_hex(canonical_text(definition())); }

Schedule parse_schedule(const Json& json, const std::string& place) {
  return within(place, [&] {
    try {
      return parse(json);
    } catch (const Json::exception& error) {
      fail("a value of the wrong type: ", error.what());
    }
  });
}

Schedule load_schedule(const std::string& name_or_path, const std::vector<std::string>& overrides) {
  const fs::path file = find_manifest("schedules", name_or_path);
  Json json = parse_json(read_text(file), file.string());
  for (const std::string& pair : overrides) apply_override(json, pair);
  fit_parts(json, overrides);
  Schedule schedule = parse_schedule(json, file.string());
  if (schedule.name.empty()) schedule.name = file.stem().string();
  return schedule;
}

}  // namespace pluvia
