// SPDX-License-Identifier: Apache-2.0
#include "eval/report/over_sets.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "core/error.h"

namespace pluvia {
namespace {

constexpr const char* kMeanOfSets = "mean of sets";

/// No set's name holds a slash.
std::string key_of(const std::string& set, const std::string& key) { return set + "/" + key; }

std::string stem_of(const RunRecord& run) {
  const std::string stem = std::filesystem::path(run.data_file).stem().string();
  return stem.empty() ? "set" : stem;
}

/// Adds to the names that several sets share what tells them apart.
template <typename What>
void tell_apart(std::vector<SetRuns>& sets, const What& what) {
  std::map<std::string, int> count;
  for (const SetRuns& set : sets) ++count[set.name];
  for (SetRuns& set : sets) {
    const std::string more = what(set.runs.front());
    if (count[set.name] > 1 && !more.empty()) set.name += " " + more;
  }
}

void require_names(std::vector<SetRuns>& sets) {
  for (SetRuns& set : sets) {
    if (set.name == kMeanOfSets) set.name += " (a set)";
  }
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (sets[i].name != sets[k].name) continue;
      fail("reporting: ", sets[i].runs.front().file.string(), " and ",
           sets[k].runs.front().file.string(),
           " were scored on different data (clips, frames or content differ), both called '",
           sets[i].name, "'; score both alike, or make two reports");
    }
  }
}

bool of_whole_frames(const ScoreColumn& column) {
  return column.region.empty() && column.layer.empty();
}

ScoreColumn column_of_set(const ScoreColumn& column, const std::string& set) {
  ScoreColumn out = column;
  out.key = key_of(set, column.key);
  out.base = out.key;
  out.set = set;
  return out;
}

ComparedMethod& row_of(Comparison& table, const ComparedMethod& method) {
  for (ComparedMethod& row : table.methods) {
    if (row.label == method.label) return row;
  }
  table.methods.push_back({});
  table.methods.back().label = method.label;
  table.methods.back().sees_truth = method.sees_truth;
  return table.methods.back();
}

void add_set(const SetComparison& set, Comparison& table) {
  for (const std::string& origin : set.comparison->origins) {
    table.origins.push_back(set.name + ": " + origin);
  }
  for (const ScoreColumn& column : set.comparison->columns) {
    if (of_whole_frames(column)) {
      table.columns.push_back(column_of_set(column, set.name));
    }
  }
  for (const ComparedMethod& method : set.comparison->methods) {
    ComparedMethod& row = row_of(table, method);
    row.runs.insert(row.runs.end(), method.runs.begin(), method.runs.end());
    row.seeds = std::max(row.seeds, method.seeds);
    for (const RunClip& clip : method.clips) {
      row.clips.push_back({});
      row.clips.back().id = set.name + "/" + clip.id;
    }
    for (const auto& [key, value] : method.mean) row.mean[key_of(set.name, key)] = value;
    for (const auto& [key, value] : method.interval) row.interval[key_of(set.name, key)] = value;
  }
}

bool one_protocol(const std::vector<SetComparison>& sets) {
  const auto protocol = [](const SetComparison& set) {
    return set.comparison->methods.front().runs.front()->protocol_sha256;
  };
  return std::all_of(sets.begin(), sets.end(), [&](const SetComparison& set) {
    return protocol(set) == protocol(sets.front());
  });
}

/// NaN where a set lacks it.
double mean_over_sets(const ComparedMethod& row, const std::vector<SetComparison>& sets,
                      const std::string& key) {
  double sum = 0;
  for (const SetComparison& set : sets) {
    const auto found = row.mean.find(key_of(set.name, key));
    sum += found == row.mean.end() ? std::nan("") : found->second;
  }
  return sum / static_cast<double>(sets.size());
}

}  // namespace

std::vector<SetRuns> by_data(std::vector<RunRecord> runs) {
  std::vector<SetRuns> sets;
  for (RunRecord& run : runs) {
    const auto same = [&](const SetRuns& set) {
      return set.runs.front().data_sha256 == run.data_sha256;
    };
    auto at = std::find_if(sets.begin(), sets.end(), same);
    if (at == sets.end()) at = sets.insert(at, {stem_of(run), {}});
    at->runs.push_back(std::move(run));
  }
  tell_apart(sets, [](const RunRecord& run) { return run.data_split; });
  tell_apart(sets, [](const RunRecord& run) { return run.data_title; });
  require_names(sets);
  return sets;
}

Comparison over_sets(const std::vector<SetComparison>& sets) {
  Comparison table;
  table.unit = "data set";
  table.units = sets.size();
  for (const SetComparison& set : sets) add_set(set, table);
  if (one_protocol(sets)) {
    for (const ScoreColumn& column : sets.front().comparison->columns) {
      if (!of_whole_frames(column)) continue;
      table.columns.push_back(column_of_set(column, kMeanOfSets));
      for (ComparedMethod& row : table.methods) {
        row.mean[table.columns.back().key] = mean_over_sets(row, sets, column.key);
      }
    }
  }
  for (ComparedMethod& row : table.methods) {
    for (const ScoreColumn& column : table.columns) row.mean.try_emplace(column.key, std::nan(""));
  }
  return table;
}

}  // namespace pluvia
