// SPDX-License-Identifier: Apache-2.0
#include "synth/value_rule.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/error.h"
#include "core/exact_math.h"
#include "core/rng.h"
#include "core/text.h"

namespace pluvia::synth {
namespace {

constexpr double kCutDeviations = 3;

/// FNV-1a of a name: a dimension of its own for every parameter (core/rng.h).
std::uint32_t dimension_of(const std::string& name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

struct Pair {
  double first = 0;
  double second = 0;
};

Pair pair_of(const Json& value, const std::string& name) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_number() || !value[1].is_number()) {
    fail_usage("'", name, "' is ", value.dump(), ", expected two numbers");
  }
  return {value[0].get<double>(), value[1].get<double>()};
}

/// One parameter of one clip.
class Draw {
 public:
  Draw(const std::string& name, const Param* row, const DrawKey& key, Params& params)
      : name_(name),
        row_(row),
        random_{key.seed, key.clip, 0, 0},
        dimension_(dimension_of(name)),
        params_(params) {}

  void apply(const Json& rule) {
    if (rule.is_array()) {
      uniform(pair_of(rule, name_));
    } else if (rule.is_object()) {
      distribution(rule);
    } else {
      params_.set(name_, plain_text(rule));
    }
  }

 private:
  void distribution(const Json& rule) {
    if (rule.size() != 1) {
      fail_usage("'", name_, "' is ", rule.dump(),
                 ", expected one of log_uniform, normal, choice, uniform");
    }
    const std::string kind = rule.begin().key();
    const Json& value = rule.begin().value();
    if (kind == "uniform") return uniform(pair_of(value, name_));
    if (kind == "log_uniform") return log_uniform(pair_of(value, name_));
    if (kind == "normal") return normal(pair_of(value, name_));
    if (kind == "choice") return choice(value);
    fail_usage("'", name_, "': unknown distribution '", kind, "'",
               did_you_mean(kind, {"uniform", "log_uniform", "normal", "choice"}),
               "; known: uniform, log_uniform, normal, choice");
  }

  void uniform(Pair ends) {
    check_ends(ends);
    set(random_.uniform(dimension_, ends.first, ends.second));
  }

  void log_uniform(Pair ends) {
    if (!(ends.first > 0 && ends.second > 0)) {
      fail_usage("'", name_, "': log_uniform from ", ends.first, " to ", ends.second,
                 ", expected both above 0");
    }
    check_ends(ends);
    const double low = exact::log(ends.first);
    const double high = exact::log(ends.second);
    const double drawn = exact::exp(random_.uniform(dimension_, low, high));
    set(std::clamp(drawn, ends.first, ends.second));
  }

  void normal(Pair mean_and_deviation) {
    const auto [mean, deviation] = mean_and_deviation;
    if (!(deviation >= 0)) {
      fail_usage("'", name_, "': normal with a standard deviation of ", deviation,
                 ", expected at least 0");
    }
    check_ends({mean - kCutDeviations * deviation, mean + kCutDeviations * deviation});
    const double unit = std::clamp(random_.normal(dimension_), -kCutDeviations, kCutDeviations);
    set(mean + deviation * unit);
  }

  void choice(const Json& values) {
    if (!values.is_array() || values.empty()) {
      fail_usage("'", name_, "': choice is ", values.dump(), ", expected a list");
    }
    for (const Json& value : values) params_.set(name_, plain_text(value));
    const auto count = static_cast<std::uint32_t>(values.size());
    params_.set(name_, plain_text(values[random_.below(dimension_, count)]));
  }

  void check_ends(Pair ends) {
    if (ends.first > ends.second) {
      fail_usage("'", name_, "': from ", ends.first, " to ", ends.second,
                 ", expected the smaller number first");
    }
    set(ends.first);
    set(ends.second);
  }

  /// Whole parameters take whole draws.
  void set(double value) {
    const bool whole = row_ != nullptr && row_->kind == ParamKind::kInteger;
    params_.set(name_, whole ? std::to_string(std::llround(value)) : to_text(value));
  }

  const std::string& name_;
  const Param* row_;
  Random random_;
  std::uint32_t dimension_;
  Params& params_;
};

}  // namespace

void draw_params(const Json& rules, std::span<const Param> table, const DrawKey& key,
                 Params& params) {
  for (const auto& [name, rule] : rules.items()) {
    const auto row =
        std::find_if(table.begin(), table.end(), [&](const Param& p) { return name == p.name; });
    Draw(name, row == table.end() ? nullptr : &*row, key, params).apply(rule);
  }
}

}  // namespace pluvia::synth
