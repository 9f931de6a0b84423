// SPDX-License-Identifier: Apache-2.0
#include "eval/report/units.h"

#include <cmath>

namespace pluvia {
namespace {

/// What counts once; infinite and undefined scores are left out of means.
Share share_of(double value) { return std::isfinite(value) ? Share{value, 1} : Share{}; }

double mean_of_clip(const RunClip& clip, const std::string& key) {
  const auto found = clip.mean.find(key);
  return found == clip.mean.end() ? std::nan("") : found->second;
}

/// Of every frame of a clip; nothing where a column has no scores of frames.
Shares shares_of_frames(const RunClip& clip, const ScoreColumn& column) {
  if (column.average == ColumnAverage::kPooledMse) {
    const auto found = clip.pooled.find(column.key);
    return found == clip.pooled.end() ? Shares{} : found->second;
  }
  Shares out;
  const auto found = clip.frames.find(column.key);
  if (found == clip.frames.end()) return out;
  for (const double value : found->second) out.push_back(share_of(value));
  return out;
}

Share total_of(const Shares& shares) {
  Share out;
  for (const Share& share : shares) out += share;
  return out;
}

}  // namespace

std::size_t frame_count(const RunClip& clip) {
  return clip.frames.empty() ? 0 : clip.frames.begin()->second.size();
}

std::string unit_of(const RunRecord& record) { return record.of_pictures ? "picture" : "clip"; }

std::size_t unit_count(const RunRecord& record) {
  if (!record.of_pictures) return record.clips.size();
  std::size_t pictures = 0;
  for (const RunClip& clip : record.clips) pictures += frame_count(clip);
  return pictures;
}

Shares shares_of(const RunRecord& record, const ScoreColumn& column) {
  Shares out;
  if (column.average == ColumnAverage::kUnknown) return out;
  for (const RunClip& clip : record.clips) {
    if (column.average == ColumnAverage::kClips) {
      out.push_back(share_of(mean_of_clip(clip, column.key)));
      continue;
    }
    const Shares frames = shares_of_frames(clip, column);
    if (frames.size() != frame_count(clip)) return {};
    if (record.of_pictures) {
      out.insert(out.end(), frames.begin(), frames.end());
    } else {
      out.push_back(total_of(frames));
    }
  }
  return out.size() == unit_count(record) ? out : Shares{};
}

std::vector<double> unit_means(const RunRecord& record, const ScoreColumn& column) {
  std::vector<double> out;
  for (const RunClip& clip : record.clips) {
    if (!record.of_pictures) {
      out.push_back(mean_of_clip(clip, column.key));
      continue;
    }
    const auto found = clip.frames.find(column.key);
    if (found != clip.frames.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  }
  out.resize(unit_count(record), std::nan(""));
  return out;
}

}  // namespace pluvia
