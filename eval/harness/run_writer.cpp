// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/run_writer.h"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "core/cpu.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/text.h"

namespace pluvia {
namespace {

Json doubles_json(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(score_json(value));
  return out;
}

std::vector<double> doubles_of(const Json& json) {
  std::vector<double> out;
  for (const Json& value : json) out.push_back(score_of(value));
  return out;
}

Json means_json(const Means& means) {
  Json out = Json::object();
  for (const auto& [key, value] : means.values) out[key] = score_json(value);
  return out;
}

Json frame_json(const FrameScores& frame, const ProtocolScorer& scorer,
                const std::vector<std::string>& regions) {
  Json out{{"name", frame.name}, {"identical", frame.identical}};
  const std::vector<std::string>& keys = scorer.frame_keys();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    out[keys[i]] = score_json(frame.values[i]);
    for (std::size_t r = 0; r < regions.size() && r < frame.regions[i].size(); ++r) {
      out[keys[i] + "_" + regions[r]] = score_json(frame.regions[i][r]);
    }
  }
  return out;
}

void add_layers(const ClaimedLayers& layers, const LayerTallies& tallies, std::size_t t,
                Json& frame) {
  for (std::size_t i = 0; i < layers.scored.size(); ++i) {
    for (const LayerScore& score : layers.scored[i]->scores) {
      frame[score.key] = score_json(score.of(tallies[i][t]));
    }
  }
}

/// By column that pools errors: [sum, count] of every frame.
Json pooled_json(const std::vector<FrameScores>& frames, const ProtocolScorer& scorer,
                 const std::vector<std::string>& regions) {
  Json out = Json::object();
  const auto add = [&](const std::string& key, std::size_t metric, int region) {
    std::vector<MetricSum> parts;
    for (const FrameScores& frame : frames) parts.push_back(pooled_part(frame, metric, region));
    out[key] = sums_json(parts);
  };
  for (std::size_t i = 0; i < scorer.frame_keys().size(); ++i) {
    if (!scorer.pooled(i)) continue;
    add(scorer.frame_keys()[i], i, -1);
    for (std::size_t r = 0; r < regions.size(); ++r) {
      add(scorer.frame_keys()[i] + "_" + regions[r], i, static_cast<int>(r));
    }
  }
  return out;
}

Json column_json(const ScoreColumn& column) {
  Json out{{"key", column.key},
           {"name", column.name},
           {"base", column.base},
           {"region", column.region},
           {"layer", column.layer},
           {"unit", column.unit},
           {"help", column.help},
           {"higher_is_better", column.higher_is_better},
           {"average", name_of(column.average)},
           {"pooled_in_clips", column.pooled_in_clips}};
  if (column.average == ColumnAverage::kPooledMse) {
    out["decibels"] = {{"peak", column.decibels.peak},
                       {"offset", column.decibels.offset},
                       {"cap_db", column.decibels.cap_db}};
  }
  return out;
}

Json picture_json(const RunPicture& picture) {
  Json out{{"clip", picture.clip},
           {"frame", picture.frame},
           {"role", picture.role},
           {"rainy", picture.rainy},
           {"prediction", picture.prediction},
           {"truth", picture.truth},
           {"score", score_json(picture.score)}};
  for (const LayerPicture& layer : picture.layers) {
    out["layers"][layer.layer] = {{"claimed", layer.claimed}, {"truth", layer.truth}};
  }
  return out;
}

/// The first line, and a hash of all that follows: how it was built.
Json programs_json(const ProtocolScorer& scorer) {
  Json out = Json::object();
  for (const auto& [metric, version] : programs_of(scorer)) {
    out[metric] = {{"version", one_line(version.substr(0, version.find('\n')))},
                   {"sha256", sha256_hex(version)}};
  }
  return out;
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

double peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

/// Empty when the clips are of several splits, or of none.
std::string common_split(const std::vector<ScoredClip>& clips) {
  for (const ScoredClip& clip : clips) {
    if (clip.split != clips.front().split) return "";
  }
  return clips.front().split;
}

Json data_json(const FinishedRun& run) {
  const SetInfo& info = run.set.info();
  Json out{{"file", run.set.path().filename().string()},
           {"title", info.title},
           {"formation", info.formation},
           {"split", common_split(run.clips)},
           {"sha256", data_sha256(run.clips)},
           {"clips", Json::array()}};
  for (const ScoredClip& clip : run.clips) {
    out["clips"].push_back(
        {{"id", clip.id},
         {"frames", clip.frames},
         {"size", std::to_string(clip.width) + "x" + std::to_string(clip.height)},
         {"content_sha256", clip.content}});
  }
  return out;
}

ColumnAverage average_of_frames(Averaging averaging, bool pools, SetUnit unit) {
  if (pools) return ColumnAverage::kPooledMse;
  if (unit == SetUnit::kPicture) return ColumnAverage::kPictures;
  return averaging == Averaging::kClips ? ColumnAverage::kClips : ColumnAverage::kFrames;
}

}  // namespace

std::map<std::string, std::string> programs_of(const ProtocolScorer& scorer) {
  std::map<std::string, std::string> out;
  for (const ProtocolMetric& entry : scorer.protocol().metrics) {
    if (entry.metric->version != nullptr) out.emplace(entry.metric->name, entry.metric->version());
  }
  return out;
}

Json clip_result_json(const ClipResult& result) {
  Json out{{"name", result.scores.name},  {"values", doubles_json(result.scores.values)},
           {"method_s", result.method_s}, {"predictions_sha256", result.predictions},
           {"frames", Json::array()},     {"layers", Json::array()},
           {"kept", Json::array()}};
  for (const std::vector<LayerTally>& layer : result.layers) {
    Json frames = Json::array();
    for (const LayerTally& tally : layer) frames.push_back(tally.sums);
    out["layers"].push_back(std::move(frames));
  }
  for (const FrameScores& frame : result.scores.frames) {
    Json one{{"name", frame.name},
             {"identical", frame.identical},
             {"values", doubles_json(frame.values)},
             {"regions", Json::array()},
             {"region_sums", Json::array()}};
    one["sums"] = sums_json(frame.sums);
    for (const auto& regions : frame.regions) one["regions"].push_back(doubles_json(regions));
    for (const auto& sums : frame.region_sums) one["region_sums"].push_back(sums_json(sums));
    out["frames"].push_back(std::move(one));
  }
  for (const KeptFrame& kept : result.kept) {
    out["kept"].push_back(
        {{"frame", kept.frame}, {"role", kept.role}, {"score", score_json(kept.score)}});
  }
  return out;
}

ClipResult clip_result_of(const Json& json) {
  ClipResult result;
  result.scores.name = json.at("name").get<std::string>();
  result.scores.values = doubles_of(json.at("values"));
  result.method_s = json.at("method_s").get<double>();
  result.predictions = json.at("predictions_sha256").get<std::string>();
  for (const Json& one : json.at("frames")) {
    FrameScores frame;
    frame.name = one.at("name").get<std::string>();
    frame.identical = one.at("identical").get<bool>();
    frame.values = doubles_of(one.at("values"));
    frame.sums = sums_of(one.at("sums"));
    for (const Json& regions : one.at("regions")) frame.regions.push_back(doubles_of(regions));
    frame.region_sums.resize(frame.values.size());
    const Json region_sums = one.value("region_sums", Json::array());  // a later addition
    for (std::size_t i = 0; i < region_sums.size() && i < frame.region_sums.size(); ++i) {
      frame.region_sums[i] = sums_of(region_sums[i]);
    }
    result.scores.frames.push_back(std::move(frame));
  }
  for (const Json& layer : json.at("layers")) {
    result.layers.emplace_back();
    for (const Json& sums : layer) {
      result.layers.back().push_back({sums.get<std::array<double, 3>>()});
    }
  }
  for (const Json& kept : json.at("kept")) {
    result.kept.push_back({kept.at("frame").get<std::string>(), kept.at("role").get<std::string>(),
                           score_of(kept.at("score"))});
  }
  return result;
}

std::vector<ScoreColumn> columns_of(const ProtocolScorer& scorer,
                                    const std::vector<std::string>& regions,
                                    const ClaimedLayers& layers, SetUnit unit) {
  std::vector<ScoreColumn> out;
  const std::vector<std::string>& frame_keys = scorer.frame_keys();
  const auto add = [&](const ProtocolMetric& metric, const std::string& region) {
    const Metric& row = *metric.metric;
    ScoreColumn column{region.empty() ? metric.key : metric.key + "_" + region,
                       shown_name(metric.key),
                       metric.key,
                       region,
                       row.unit,
                       row.help,
                       metric.higher_is_better()};
    const auto at = std::find(frame_keys.begin(), frame_keys.end(), metric.key);
    if (at != frame_keys.end()) {
      const auto law = scorer.pooled(static_cast<std::size_t>(at - frame_keys.begin()));
      column.average = average_of_frames(scorer.protocol().averaging, law.has_value(), unit);
      if (law) column.decibels = *law;
    }
    out.push_back(std::move(column));
  };
  for (const ProtocolMetric& metric : scorer.protocol().metrics) add(metric, "");
  for (const ProtocolMetric& metric : scorer.protocol().metrics) {
    if (std::find(frame_keys.begin(), frame_keys.end(), metric.key) == frame_keys.end()) continue;
    if (!metric.metric->takes_masks) continue;
    for (const std::string& region : regions) add(metric, region);
  }
  for (ScoreColumn& column : layer_columns(layers, unit)) out.push_back(std::move(column));
  return out;
}

Json run_record_json(const FinishedRun& run, const Summary& summary) {
  const EvalRequest& request = run.request;
  Json method = Json::parse(request.method.description);
  method["label"] = request.label.empty() ? request.method.label : request.label;
  method["sees_truth"] = request.method.sees_truth;
  double method_s = 0;
  int predicted = 0;
  for (const ClipResult& result : run.results) method_s += result.method_s;
  for (const ScoredClip& clip : run.clips) predicted += clip.frames;
  const Protocol& protocol = run.scorer.protocol();
  Json out{{"format", "pluvia-run"},
           {"version", kRunRecordVersion},
           {"method", method},
           {"unit", run.unit == SetUnit::kPicture ? "picture" : "clip"},
           {"data", data_json(run)},
           {"protocol", protocol.definition()},
           {"protocol_sha256", protocol.sha256()},
           {"settings_sha256", run.settings_sha256},
           {"mean", means_json(summary.mean)},
           {"frames_scored", summary.frames},
           {"identical_frames", summary.identical},
           {"infinite_scores", Json::object()},
           {"identical_rule", protocol.identical == IdenticalRule::kInclude
                                  ? "infinite scores count and make a mean infinite"
                                  : "infinite scores are counted and left out of means"},
           {"layers_left_out", Json::object()},
           {"predictions_lost", run.losses},
           {"columns", Json::array()},
           {"clips", Json::array()},
           {"pictures", Json::array()},
           {"timing",
            {{"method_s", method_s},
             {"method_s_per_frame", predicted > 0 ? method_s / predicted : 0},
             {"wall_s", run.wall_s},
             {"threads", thread_count()}}},
           {"peak_memory_bytes", peak_memory_bytes()},
           {"environment",
            {{"program", request.generator},
             {"compiler", __VERSION__},
             {"cpu", cpu_model()},
             {"cpu_level", cpu_level_name()},
             {"programs", programs_json(run.scorer)},
             {"finished", now_text()}}}};
  out["protocol"]["name"] = protocol.name;
  for (const auto& [key, frames] : summary.infinite) out["infinite_scores"][key] = frames;
  for (const auto& [layer, why] : run.layers.left_out) out["layers_left_out"][layer] = why;
  for (const ScoreColumn& column : columns_of(run.scorer, run.regions, run.layers, run.unit)) {
    out["columns"].push_back(column_json(column));
  }
  for (std::size_t i = 0; i < run.results.size(); ++i) {
    Json clip{{"id", run.clips[i].id},
              {"split", run.clips[i].split},
              {"predictions_sha256", run.results[i].predictions},
              {"mean", means_json(summary.clips[i])},
              {"frames", Json::array()}};
    const std::vector<FrameScores>& frames = run.results[i].scores.frames;
    const Json pooled = pooled_json(frames, run.scorer, run.regions);
    if (!pooled.empty()) clip["pooled"] = pooled;
    for (std::size_t t = 0; t < frames.size(); ++t) {
      clip["frames"].push_back(frame_json(frames[t], run.scorer, run.regions));
      add_layers(run.layers, run.results[i].layers, t, clip["frames"].back());
    }
    out["clips"].push_back(std::move(clip));
  }
  for (const RunPicture& picture : run.pictures) out["pictures"].push_back(picture_json(picture));
  return out;
}

}  // namespace pluvia
