// SPDX-License-Identifier: Apache-2.0
// Averages over frames and clips, in the order the protocol says. Where clips are stacks of
// unrelated pictures, each picture is a clip of its own: which stack it lies in is a matter of its
// size, so a mean over stacks would weigh pictures by how many others have theirs.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/error.h"
#include "eval/metrics/label_sums.h"
#include "eval/protocol/score.h"

namespace pluvia {

double Means::at(const std::string& key) const {
  for (const auto& [name, value] : values) {
    if (name == key) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

double mean_under(const std::vector<double>& values, IdenticalRule rule) {
  double sum = 0;
  int counted = 0;
  bool any_infinite = false;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    if (std::isinf(value)) {
      any_infinite = true;
      continue;
    }
    sum += value;
    ++counted;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (any_infinite && (counted == 0 || rule == IdenticalRule::kInclude)) return kInfinity;
  return counted == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / counted;
}

MetricSum pooled_part(const FrameScores& frame, std::size_t metric, int region) {
  if (region < 0) return {mean_of(frame.sums[metric]), 1};
  const std::vector<MetricSum>& sums = frame.region_sums[metric];
  const auto at = static_cast<std::size_t>(region);
  return at < sums.size() ? sums[at] : MetricSum{};
}

namespace {

/// Of whole frames (region < 0) or of a region; NaN where it has none.
double value_of(const FrameScores& frame, std::size_t metric, int region) {
  if (region < 0) return frame.values[metric];
  const auto at = static_cast<std::size_t>(region);
  return at < frame.regions[metric].size() ? frame.regions[metric][at]
                                           : std::numeric_limits<double>::quiet_NaN();
}

int infinite_ones(const std::vector<const FrameScores*>& frames, std::size_t metric, int region) {
  return static_cast<int>(std::count_if(
      frames.begin(), frames.end(),
      [&](const FrameScores* frame) { return std::isinf(value_of(*frame, metric, region)); }));
}

/// Takes one number out of each frame and averages it as the protocol says.
struct Averager {
  const ProtocolScorer& scorer;
  IdenticalRule rule;

  double over_frames(const std::vector<const FrameScores*>& frames, std::size_t metric,
                     int region) const {
    if (const std::optional<DecibelLaw> law = scorer.pooled(metric)) {
      MetricSum all;
      for (const FrameScores* frame : frames) {
        const MetricSum part = pooled_part(*frame, metric, region);
        all.sum += part.sum;
        all.count += part.count;
      }
      return law->of(mean_of(all));
    }
    std::vector<double> values;
    for (const FrameScores* frame : frames) values.push_back(value_of(*frame, metric, region));
    return mean_under(values, rule);
  }
};

}  // namespace

Summary summarise(const ProtocolScorer& scorer, const std::vector<ClipScores>& clips,
                  const std::vector<std::string>& regions, SetUnit unit) {
  const Protocol& protocol = scorer.protocol();
  const Averager averager{scorer, protocol.identical};
  Summary out;
  out.clips.resize(clips.size());
  std::vector<const FrameScores*> all;
  for (const ClipScores& clip : clips) {
    for (const FrameScores& frame : clip.frames) {
      all.push_back(&frame);
      out.identical += frame.identical ? 1 : 0;
    }
  }
  out.frames = static_cast<int>(all.size());
  const auto add = [&](const std::string& key, std::size_t metric, int region) {
    std::vector<double> of_clips;
    for (std::size_t c = 0; c < clips.size(); ++c) {
      std::vector<const FrameScores*> frames;
      for (const FrameScores& frame : clips[c].frames) frames.push_back(&frame);
      of_clips.push_back(averager.over_frames(frames, metric, region));
      out.clips[c].values.emplace_back(key, of_clips.back());
    }
    const int infinite = scorer.pooled(metric) ? 0 : infinite_ones(all, metric, region);
    if (infinite > 0) out.infinite.emplace_back(key, infinite);
    const bool by_clips = protocol.averaging == Averaging::kClips && unit == SetUnit::kClip;
    out.mean.values.emplace_back(key, by_clips ? mean_under(of_clips, protocol.identical)
                                               : averager.over_frames(all, metric, region));
  };
  for (std::size_t metric = 0; metric < scorer.frame_keys().size(); ++metric) {
    add(scorer.frame_keys()[metric], metric, -1);
  }
  for (std::size_t metric = 0; metric < scorer.frame_keys().size(); ++metric) {
    const auto has_regions = [&](const FrameScores* frame) {
      return !frame->regions[metric].empty();
    };
    if (std::none_of(all.begin(), all.end(), has_regions)) continue;
    for (std::size_t r = 0; r < regions.size(); ++r) {
      add(scorer.frame_keys()[metric] + "_" + regions[r], metric, static_cast<int>(r));
    }
  }
  for (std::size_t i = 0; i < scorer.clip_keys().size(); ++i) {
    std::vector<double> of_clips;
    for (std::size_t c = 0; c < clips.size(); ++c) {
      of_clips.push_back(clips[c].values[i]);
      out.clips[c].values.emplace_back(scorer.clip_keys()[i], of_clips.back());
    }
    out.mean.values.emplace_back(scorer.clip_keys()[i], mean_under(of_clips, protocol.identical));
  }
  return out;
}

}  // namespace pluvia
