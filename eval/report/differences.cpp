// SPDX-License-Identifier: Apache-2.0
#include "eval/report/differences.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "eval/report/units.h"
#include "eval/statistics/bootstrap.h"
#include "eval/statistics/paired.h"

namespace pluvia {
namespace {

constexpr std::uint64_t kSeed = 20260101;

MeanLaw law_of(const ScoreColumn& column) {
  return column.average == ColumnAverage::kPooledMse ? MeanLaw(column.decibels) : MeanLaw();
}

/// Nothing where no test can belong to the printed mean.
std::optional<SharedScore> shared_score(const ComparedMethod& method, const ScoreColumn& column) {
  if (!std::isfinite(method.mean.at(column.key))) return std::nullopt;
  SharedScore out{{}, law_of(column)};
  for (const RunRecord* run : method.runs) {
    out.runs.push_back(shares_of(*run, column));
    if (out.runs.back().empty()) return std::nullopt;
  }
  return out;
}

/// Whether every run has units to draw from.
bool can_be_drawn(const SharedScore& score) {
  return std::all_of(score.runs.begin(), score.runs.end(), [](const Shares& run) {
    return std::count_if(run.begin(), run.end(),
                         [](const Share& share) { return share.count > 0; }) > 1;
  });
}

/// Unit by unit the mean over training seeds.
Shares over_runs(const SharedScore& score) {
  Shares out(score.runs.front().size());
  const auto runs = static_cast<double>(score.runs.size());
  for (const Shares& run : score.runs) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] += {run[i].sum / runs, run[i].count / runs};
    }
  }
  return out;
}

std::vector<double> means_over_runs(const ComparedMethod& method, const ScoreColumn& column) {
  std::vector<double> out = unit_means(*method.runs.front(), column);
  for (std::size_t r = 1; r < method.runs.size(); ++r) {
    const std::vector<double> more = unit_means(*method.runs[r], column);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += more[i];
  }
  for (double& value : out) value /= static_cast<double>(method.runs.size());
  return out;
}

/// Ranks and effect size, of the units in which both have a finite mean; better is positive.
PairedTest compared_units(const ComparedMethod& method, const ComparedMethod& reference,
                          const ScoreColumn& column) {
  const std::vector<double> own = means_over_runs(method, column);
  const std::vector<double> other = means_over_runs(reference, column);
  std::vector<double> a;
  std::vector<double> b;
  for (std::size_t i = 0; i < own.size(); ++i) {
    if (!std::isfinite(own[i]) || !std::isfinite(other[i])) continue;
    a.push_back(column.higher_is_better ? own[i] : -own[i]);
    b.push_back(column.higher_is_better ? other[i] : -other[i]);
  }
  if (a.empty()) {
    PairedTest none;
    none.cohen_dz = std::nan("");
    return none;
  }
  return compare_pairs(a, b);
}

/// One method against the reference in one column.
struct Compared {
  const ScoreColumn* column;
  SharedScore own;
  SharedScore other;
  Difference difference;
};

std::vector<Compared> compared_columns(const Comparison& comparison, const ComparedMethod& method,
                                       const ComparedMethod& reference) {
  std::vector<Compared> out;
  for (const ScoreColumn& column : comparison.columns) {
    if (!column.layer.empty()) continue;
    const std::optional<SharedScore> own = shared_score(method, column);
    const std::optional<SharedScore> other = shared_score(reference, column);
    if (!own || !other) continue;
    out.push_back({&column, *own, *other, {}});
    Difference& difference = out.back().difference;
    const double up = method.mean.at(column.key) - reference.mean.at(column.key);
    difference.delta = column.higher_is_better ? up : -up;
    difference.tested = column.region.empty();
    if (!difference.tested) continue;
    const PairedTest pairs = compared_units(method, reference, column);
    difference.p_wilcoxon = pairs.wilcoxon_p;
    difference.dz = pairs.cohen_dz;
    difference.p = flip_test(over_runs(*own), over_runs(*other), own->law, kSeed).p;
  }
  return out;
}

void add_intervals_of(std::vector<Compared>& compared) {
  std::vector<Contrast> contrasts;
  std::vector<Compared*> drawn;
  for (Compared& one : compared) {
    if (!can_be_drawn(one.own) || !can_be_drawn(one.other)) continue;
    contrasts.push_back({&one.own, &one.other});
    drawn.push_back(&one);
  }
  if (contrasts.empty()) return;
  const auto intervals = bootstrap_contrasts(contrasts, kSeed);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    if (!intervals[i]) continue;
    const bool up = drawn[i]->column->higher_is_better;
    drawn[i]->difference.interval = up ? std::pair(intervals[i]->low, intervals[i]->high)
                                       : std::pair(-intervals[i]->high, -intervals[i]->low);
  }
}

/// All differences of a comparison that are tested, in one order.
std::vector<Difference*> tested_differences(Comparison& comparison) {
  std::vector<Difference*> out;
  for (ComparedMethod& method : comparison.methods) {
    for (auto& [key, difference] : method.against) {
      if (difference.tested) out.push_back(&difference);
    }
  }
  return out;
}

void correct(const std::vector<Difference*>& all, double Difference::*p,
             double Difference::*corrected) {
  std::vector<double> values;
  for (const Difference* difference : all) values.push_back(difference->*p);
  const std::vector<double> out = holm(values);
  for (std::size_t i = 0; i < all.size(); ++i) all[i]->*corrected = out[i];
}

}  // namespace

void add_intervals(Comparison& comparison) {
  for (ComparedMethod& method : comparison.methods) {
    std::vector<SharedScore> scores;
    std::vector<std::string> keys;
    for (const ScoreColumn& column : comparison.columns) {
      std::optional<SharedScore> score = shared_score(method, column);
      if (!score || !can_be_drawn(*score)) continue;
      scores.push_back(std::move(*score));
      keys.push_back(column.key);
    }
    if (scores.empty()) continue;
    std::vector<Contrast> contrasts;
    for (const SharedScore& score : scores) contrasts.push_back({&score});
    const auto intervals = bootstrap_contrasts(contrasts, kSeed);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (intervals[i]) method.interval[keys[i]] = {intervals[i]->low, intervals[i]->high};
    }
  }
}

void add_differences(Comparison& comparison) {
  if (!comparison.reference) return;
  const ComparedMethod& reference = comparison.methods[*comparison.reference];
  for (ComparedMethod& method : comparison.methods) {
    if (&method == &reference) continue;
    std::vector<Compared> compared = compared_columns(comparison, method, reference);
    add_intervals_of(compared);
    for (const Compared& one : compared) method.against[one.column->key] = one.difference;
  }
  const std::vector<Difference*> all = tested_differences(comparison);
  correct(all, &Difference::p, &Difference::p_corrected);
  correct(all, &Difference::p_wilcoxon, &Difference::p_wilcoxon_corrected);
}

}  // namespace pluvia
