// SPDX-License-Identifier: Apache-2.0
#include "eval/report/comparison.h"

#include <algorithm>
#include <cmath>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"
#include "eval/report/differences.h"
#include "eval/report/units.h"

namespace pluvia {
namespace {

/// Earlier builds averaged pictures as stacks, and pooled regions frame by frame.
void require_same_means(const RunRecord& run, const RunRecord& first) {
  bool same = run.of_pictures == first.of_pictures;
  for (const ScoreColumn& column : run.columns) {
    for (const ScoreColumn& other : first.columns) {
      same = same && (column.key != other.key || column.average == other.average);
    }
  }
  if (same) return;
  fail("reporting: ", run.file.string(), " and ", first.file.string(),
       " average their scores differently, one is of an earlier build; score it again (scores of "
       "equal pictures come from the cache)");
}

/// Equal hashes alone are what a record says of itself.
bool same_clips(const RunRecord& a, const RunRecord& b) {
  return a.data_sha256 == b.data_sha256 &&
         std::equal(a.clips.begin(), a.clips.end(), b.clips.begin(), b.clips.end(),
                    [](const RunClip& one, const RunClip& other) {
                      return one.id == other.id && frame_count(one) == frame_count(other);
                    });
}

void require_same(const std::vector<RunRecord>& runs) {
  const RunRecord& first = runs.front();
  for (const RunRecord& run : runs) {
    if (run.protocol_sha256 != first.protocol_sha256) {
      const bool of_one_name = run.protocol_name == first.protocol_name;
      fail("reporting: ", run.file.string(), " was scored by protocol '", run.protocol_name, "', ",
           first.file.string(), " by ",
           of_one_name ? "another one of that name" : "'" + first.protocol_name + "'",
           "; score both alike or make two reports");
    }
    if (!same_clips(run, first)) {
      fail("reporting: ", run.file.string(), " and ", first.file.string(),
           " were scored on different data (clips, frames or content differ); make two reports");
    }
    require_same_means(run, first);
  }
}

/// A number that a record lacks is undefined.
double at_or_nan(const std::map<std::string, double>& scores, const std::string& key) {
  const auto found = scores.find(key);
  return found == scores.end() ? std::nan("") : found->second;
}

double over_seeds(const std::vector<const RunRecord*>& runs, const std::string& key) {
  double sum = 0;
  for (const RunRecord* run : runs) sum += at_or_nan(run->mean, key);
  return sum / static_cast<double>(runs.size());
}

/// Clip by clip the mean over seeds.
std::vector<RunClip> mean_clips(const std::vector<const RunRecord*>& runs) {
  std::vector<RunClip> out = runs.front()->clips;
  const auto count = static_cast<double>(runs.size());
  for (std::size_t c = 0; c < out.size(); ++c) {
    for (auto& [key, value] : out[c].mean) {
      double sum = 0;
      for (const RunRecord* run : runs) sum += at_or_nan(run->clips[c].mean, key);
      value = sum / count;
    }
    for (auto& [key, values] : out[c].frames) {
      for (std::size_t t = 0; t < values.size(); ++t) {
        double sum = 0;
        for (const RunRecord* run : runs) {
          const auto found = run->clips[c].frames.find(key);
          sum += found == run->clips[c].frames.end() ? std::nan("") : found->second[t];
        }
        values[t] = sum / count;
      }
    }
  }
  return out;
}

std::vector<ComparedMethod> grouped(const std::vector<RunRecord>& runs) {
  std::vector<ComparedMethod> methods;
  for (const RunRecord& run : runs) {
    const auto same = [&](const ComparedMethod& method) { return method.label == run.label; };
    auto at = std::find_if(methods.begin(), methods.end(), same);
    if (at == methods.end()) {
      methods.push_back({});
      at = methods.end() - 1;
      at->label = run.label;
      at->sees_truth = run.sees_truth;
    }
    at->runs.push_back(&run);
  }
  return methods;
}

/// Those of all runs: methods differ in what they claim to see.
std::vector<ScoreColumn> all_columns(const std::vector<RunRecord>& runs) {
  std::vector<ScoreColumn> out;
  for (const RunRecord& run : runs) {
    for (const ScoreColumn& column : run.columns) {
      const auto same = [&](const ScoreColumn& other) { return other.key == column.key; };
      if (std::none_of(out.begin(), out.end(), same)) out.push_back(column);
    }
  }
  return out;
}

std::string origin_of(const RunRecord& run, const Comparison& comparison) {
  std::string content = counted(comparison.units, comparison.unit);
  if (!run.of_pictures) content += ", " + counted(run.frames_scored, "frame");
  return cat(content, ", protocol ", run.protocol_name, " (", run.protocol_sha256.substr(0, 12),
             "), data ", run.data_sha256.substr(0, 12));
}

std::optional<std::size_t> reference_of(const std::vector<ComparedMethod>& methods,
                                        const std::string& against) {
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    labels.push_back(methods[i].label);
    if (against.empty() ? !methods[i].sees_truth : methods[i].label == against) return i;
  }
  if (against.empty()) return std::nullopt;
  fail_usage("--against ", against, ": no run is called so", did_you_mean(against, labels),
             "; there are ", list_some(labels));
}

}  // namespace

bool ComparedMethod::claims_layers() const {
  const std::vector<ScoreColumn>& columns = runs.front()->columns;
  return std::any_of(columns.begin(), columns.end(),
                     [](const ScoreColumn& column) { return !column.layer.empty(); });
}

Comparison compare_runs(const std::vector<RunRecord>& runs, const std::string& against) {
  require_same(runs);
  Comparison out;
  out.columns = all_columns(runs);
  out.methods = grouped(runs);
  for (ComparedMethod& method : out.methods) {
    method.seeds = method.runs.size();
    method.clips = mean_clips(method.runs);
    for (const ScoreColumn& column : out.columns) {
      method.mean[column.key] = over_seeds(method.runs, column.key);
    }
    for (const RunRecord* run : method.runs) {
      method.seconds_per_frame += run->seconds_per_frame / static_cast<double>(method.runs.size());
    }
  }
  out.unit = unit_of(runs.front());
  out.units = unit_count(runs.front());
  out.origins = {origin_of(runs.front(), out)};
  out.reference = reference_of(out.methods, against);
  add_intervals(out);
  add_differences(out);
  return out;
}

}  // namespace pluvia
