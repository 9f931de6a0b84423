// SPDX-License-Identifier: Apache-2.0
#include "eval/report/left_out.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

struct LeftOut {
  std::size_t frames = 0;
  std::size_t of_frames = 0;  ///< 0: the column has no scores of frames that are averaged
  std::size_t clips = 0;
  std::size_t of_clips = 0;

  bool operator==(const LeftOut& other) const {
    return frames == other.frames && clips == other.clips;
  }
};

/// Whether a mean passes over the value.
bool is_left_out(const RunRecord& run, double value) {
  return std::isnan(value) || (std::isinf(value) && !run.infinite_counts);
}

void count_frames(const RunRecord& run, const RunClip& clip, const ScoreColumn& column,
                  LeftOut& out) {
  if (column.pooled_in_clips) return;
  if (column.average == ColumnAverage::kPooledMse) {
    const auto found = clip.pooled.find(column.key);
    if (found == clip.pooled.end()) return;
    for (const Share& share : found->second) out.frames += share.count > 0 ? 0 : 1;
    out.of_frames += found->second.size();
    return;
  }
  const auto found = clip.frames.find(column.key);
  if (found == clip.frames.end()) return;
  for (const double value : found->second) out.frames += is_left_out(run, value) ? 1 : 0;
  out.of_frames += found->second.size();
}

LeftOut left_out(const RunRecord& run, const ScoreColumn& column) {
  LeftOut out;
  for (const RunClip& clip : run.clips) {
    count_frames(run, clip, column, out);
    if (column.average != ColumnAverage::kClips) continue;
    const auto found = clip.mean.find(column.key);
    out.clips += found == clip.mean.end() || is_left_out(run, found->second) ? 1 : 0;
    out.of_clips += 1;
  }
  // Where nothing else is there, infinite scores are the mean.
  const auto mean = run.mean.find(column.key);
  if (mean != run.mean.end() && std::isinf(mean->second)) out.frames = out.clips = 0;
  return out;
}

bool has_column(const ComparedMethod& method, const ScoreColumn& column) {
  const std::vector<ScoreColumn>& own = method.runs.front()->columns;
  return std::any_of(own.begin(), own.end(),
                     [&](const ScoreColumn& one) { return one.key == column.key; });
}

std::string text_of(const LeftOut& count, const std::string& frame) {
  std::vector<std::string> parts;
  if (count.of_frames > 0) {
    parts.push_back(cat(count.frames, " of ", counted(count.of_frames, frame)));
  }
  if (count.of_clips > 0 && (count.clips > 0 || parts.empty())) {
    parts.push_back(cat(count.clips, " of ", counted(count.of_clips, "clip")));
  }
  return join(parts, " and ");
}

/// "A 3 of 80 frames, B 0 of 80 frames"; empty where all leave out as many.
std::string counts_of(const Comparison& comparison, const ScoreColumn& column) {
  std::vector<std::string> texts;
  std::vector<LeftOut> counts;
  for (const ComparedMethod& method : comparison.methods) {
    if (!has_column(method, column)) continue;
    std::set<std::string> of_runs;
    for (const RunRecord* run : method.runs) {
      counts.push_back(left_out(*run, column));
      of_runs.insert(text_of(counts.back(), comparison.unit == "picture" ? "picture" : "frame"));
    }
    texts.push_back(cat(method.label, " ", join({of_runs.begin(), of_runs.end()}, " or ")));
  }
  const bool even = std::all_of(counts.begin(), counts.end(),
                                [&](const LeftOut& count) { return count == counts.front(); });
  return even ? "" : join(texts, ", ");
}

}  // namespace

std::string head_of(const ScoreColumn& column) {
  return column.name + (column.region.empty() ? "" : " " + column.region);
}

std::vector<std::string> uneven_means(const Comparison& comparison,
                                      const std::vector<ScoreColumn>& columns) {
  std::vector<std::pair<std::vector<std::string>, std::string>> groups;  // heads, counts
  for (const ScoreColumn& column : columns) {
    const std::string counts = counts_of(comparison, column);
    if (counts.empty()) continue;
    const auto same = [&](const auto& group) { return group.second == counts; };
    auto at = std::find_if(groups.begin(), groups.end(), same);
    if (at == groups.end()) at = groups.insert(at, {{}, counts});
    at->first.push_back(head_of(column));
  }
  std::vector<std::string> out;
  for (const auto& [heads, counts] : groups) {
    out.push_back(cat("Means of ", join(heads, ", "), " are not of the same ",
                      comparison.unit == "picture" ? "pictures" : "frames",
                      ": what has no finite score (it equals the truth, or there is nothing to "
                      "divide by) is left out, of ",
                      counts,
                      ". A method that is perfect there does not gain by it: ranks and differences "
                      "are not to be trusted alone."));
  }
  return out;
}

}  // namespace pluvia
