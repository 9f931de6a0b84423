// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/claimed_layers.h"

#include <algorithm>

#include "core/text.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

bool has_subfolder(const MethodChoice& method, const std::vector<ScoredClip>& clips,
                   const char* name) {
  return std::any_of(clips.begin(), clips.end(), [&](const ScoredClip& clip) {
    std::error_code ignored;
    return fs::is_directory(method.folder / clip.id / name, ignored);
  });
}

bool predicts(const MethodInfo& info, const LayerSpec& layer) {
  const auto& all = info.layers;
  return std::find(all.begin(), all.end(),
                   std::pair<std::string, int>(layer.name, layer.channels)) != all.end();
}

std::vector<double> scores_of_frames(const LayerScore& score,
                                     const std::vector<LayerTally>& frames) {
  std::vector<double> values;
  for (const LayerTally& frame : frames) values.push_back(score.of(frame));
  return values;
}

double score_of_clip(const ScoredLayer& layer, const LayerScore& score,
                     const std::vector<LayerTally>& frames, IdenticalRule rule, SetUnit unit) {
  if (!layer.pooled || unit == SetUnit::kPicture) {
    return mean_under(scores_of_frames(score, frames), rule);
  }
  LayerTally all;
  for (const LayerTally& frame : frames) all += frame;
  return score.of(all);
}

}  // namespace

std::string ClaimedLayers::names() const {
  std::vector<std::string> all;
  for (const ScoredLayer* layer : scored) all.emplace_back(spec(layer->layer).name);
  return join(all, ",");
}

ClaimedLayers claimed_layers(const MethodChoice& method, const std::vector<ScoredClip>& clips) {
  ClaimedLayers out;
  if (method.kind == MethodKind::kCommand) return out;
  if (method.kind == MethodKind::kBuiltIn) out.method = method.make()->info();
  for (const ScoredLayer& layer : scored_layers()) {
    const LayerSpec& row = spec(layer.layer);
    const bool claimed = method.kind == MethodKind::kFolder ? has_subfolder(method, clips, row.name)
                                                            : predicts(out.method, row);
    if (!claimed) continue;
    const auto lacking = std::find_if(clips.begin(), clips.end(), [&](const ScoredClip& clip) {
      return !clip.layers.has(layer.layer);
    });
    if (lacking == clips.end()) {
      out.scored.push_back(&layer);
    } else {
      out.left_out.emplace_back(row.name, cat("clip ", lacking->id, " of the set has no layer ",
                                              row.name, ", only ", lacking->layers.names()));
    }
  }
  return out;
}

void add_layer_means(const ClaimedLayers& layers, const std::vector<const LayerTallies*>& clips,
                     IdenticalRule rule, SetUnit unit, Summary& summary) {
  for (std::size_t i = 0; i < layers.scored.size(); ++i) {
    for (const LayerScore& score : layers.scored[i]->scores) {
      std::vector<double> of_units;
      for (std::size_t c = 0; c < clips.size(); ++c) {
        const std::vector<LayerTally>& frames = (*clips[c])[i];
        const double of_clip = score_of_clip(*layers.scored[i], score, frames, rule, unit);
        summary.clips[c].values.emplace_back(score.key, of_clip);
        const std::vector<double> own =
            unit == SetUnit::kPicture ? scores_of_frames(score, frames) : std::vector{of_clip};
        of_units.insert(of_units.end(), own.begin(), own.end());
      }
      summary.mean.values.emplace_back(score.key, mean_under(of_units, rule));
    }
  }
}

std::vector<ScoreColumn> layer_columns(const ClaimedLayers& layers, SetUnit unit) {
  std::vector<ScoreColumn> out;
  for (const ScoredLayer* layer : layers.scored) {
    for (const LayerScore& score : layer->scores) {
      ScoreColumn column{score.key,
                         score.name,
                         score.key,
                         "",
                         score.unit,
                         score.help,
                         score.higher_is_better,
                         spec(layer->layer).name};
      const bool pictures = unit == SetUnit::kPicture;
      column.average = pictures ? ColumnAverage::kPictures : ColumnAverage::kClips;
      column.pooled_in_clips = layer->pooled && !pictures;
      out.push_back(std::move(column));
    }
  }
  return out;
}

}  // namespace pluvia
