// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/score_clip.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/hash.h"
#include "datasets/media/stills.h"
#include "eval/harness/predictions.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

void hash_image(Sha256& hash, const Image<std::uint8_t>& image) {
  hash.update(std::as_bytes(image.pixels()));
}

class ClipScoring {
 public:
  ClipScoring(const EvalRun& run, const ScoredClip& clip)
      : run_(run), clip_(clip), frames_(run.set, clip), pass_(run.scorer.begin_clip()) {
    result_.scores.name = clip.id;
    result_.layers.resize(run.layers.scored.size());
    const auto has = [&](const char* name) {
      return std::find(run.regions.begin(), run.regions.end(), name) != run.regions.end();
    };
    masked_ = has("inside");
    streaked_ = has("on_streak");
  }

  ClipResult score(const std::function<void()>& done) {
    const auto& inference = run_.scorer.protocol().inference;
    result_.method_s = predict_clip(run_.request.method, frames_, clip_,
                                    {inference ? &*inference : nullptr, run_.layers},
                                    [&](int t, const Prediction& prediction) {
                                      take(t, prediction);
                                      done();
                                    });
    result_.scores.values = pass_->scores();
    keep_worst();
    run_.cache.flush();
    return std::move(result_);
  }

 private:
  /// A frame's pictures as exhibits: rainy, prediction, truth, and the layers'.
  struct Pictures {
    std::vector<std::pair<std::string, Image<std::uint8_t>>> list;

    void add(const std::string& name, const Image<std::uint8_t>& image) {
      list.emplace_back(name, image.clone());
    }
  };

  void take(int t, const Prediction& prediction) {
    FrameData data = frames_.read(t);
    if (!masked_) data.mask = {};
    if (!streaked_) data.streak = {};
    const std::string& name = clip_.frame_names[static_cast<std::size_t>(t)];
    FramePair pair{name, {data.truth.view(), {}}, {prediction.clean.view(), {}}, nullptr, {}};
    result_.scores.frames.push_back(scores_of(pair, data, prediction.clean));
    const std::vector<Image<std::uint8_t>> true_layers = tally_layers(t, prediction);
    if (!run_.scorer.clip_keys().empty()) {
      const Image<float> flow = frames_.read_flow(t);
      if (!flow.empty()) pair.flow = flow.view();
      pass_->add(pair);
    }
    if (!run_.request.save.empty()) save(name, prediction);
    const std::vector<double>& values = result_.scores.frames.back().values;
    const double first = values.empty() ? std::nan("") : values.front();
    const bool worst = is_worst(first);
    if (t != clip_.frames / 2 && !worst) return;
    Pictures pictures;
    pictures.add("rainy", data.rainy);
    pictures.add("prediction", prediction.clean);
    pictures.add("truth", data.truth);
    for (std::size_t i = 0; i < true_layers.size(); ++i) {
      const std::string layer = spec(run_.layers.scored[i]->layer).name;
      pictures.add(layer, prediction.layers[i]);
      pictures.add(layer + "_truth", true_layers[i]);
    }
    if (t == clip_.frames / 2) keep(name, "sample", first, pictures);
    if (worst) worst_ = Worst{name, first, std::move(pictures)};
  }

  /// The set's own layers of the frame, those that are scored.
  std::vector<Image<std::uint8_t>> tally_layers(int t, const Prediction& prediction) {
    std::vector<Image<std::uint8_t>> truth;
    for (std::size_t i = 0; i < run_.layers.scored.size(); ++i) {
      const ScoredLayer& layer = *run_.layers.scored[i];
      truth.push_back(frames_.read(layer.layer, t));
      result_.layers[i].push_back(layer.tally(prediction.layers[i].view(), truth.back().view()));
    }
    return truth;
  }

  FrameScores scores_of(FramePair& pair, const FrameData& data,
                        const Image<std::uint8_t>& prediction) {
    Sha256 hash;
    hash_image(hash, prediction);
    hash_image(hash, data.truth);
    if (!run_.regions.empty()) {
      hash.update("regions");
      hash_image(hash, masked_ ? data.mask : data.rainy);
      if (streaked_) hash_image(hash, data.streak);
    }
    const std::string key = hash.hex();
    if (std::optional<FrameScores> known = run_.cache.find(
            key, run_.scorer.frame_keys().size(), run_.regions.size())) {
      known->name = pair.name;
      return std::move(*known);
    }
    Regions regions;
    if (!run_.regions.empty()) {
      regions = make_regions(data.sources(), clip_.height, clip_.width);
      pair.regions = &regions;
    }
    FrameScores scores = run_.scorer.score(pair);
    pair.regions = nullptr;
    run_.cache.add(key, scores);
    return scores;
  }

  void save(const std::string& name, const Prediction& prediction) const {
    const fs::path folder = run_.request.save / clip_.id;
    fs::create_directories(folder);
    write_png(folder / (name + ".png"), prediction.clean.view());
    for (std::size_t i = 0; i < prediction.layers.size(); ++i) {
      const fs::path inner = folder / spec(run_.layers.scored[i]->layer).name;
      fs::create_directories(inner);
      write_png(inner / (name + ".png"), prediction.layers[i].view());
    }
  }

  bool is_worse(double score, double than) const {
    for (const ProtocolMetric& metric : run_.scorer.protocol().metrics) {
      if (metric.key != run_.scorer.frame_keys().front()) continue;
      return metric.metric->higher_is_better ? score < than : score > than;
    }
    return false;
  }

  bool is_worst(double score) const {
    return std::isfinite(score) && (!worst_ || is_worse(score, worst_->score));
  }

  void keep_worst() {
    if (worst_) keep(worst_->name, "worst", worst_->score, worst_->pictures);
  }

  void keep(const std::string& name, const char* role, double score, const Pictures& pictures) {
    for (const auto& [kind, image] : pictures.list) {
      write_png(run_.pictures / (clip_.id + "_" + name + "_" + kind + ".png"), image.view());
    }
    for (const KeptFrame& kept : result_.kept) {
      if (kept.frame == name) return;
    }
    result_.kept.push_back({name, role, score});
  }

  struct Worst {
    std::string name;
    double score;
    Pictures pictures;
  };

  const EvalRun& run_;
  const ScoredClip& clip_;
  ClipFrames frames_;
  std::unique_ptr<ClipPass> pass_;
  ClipResult result_;
  std::optional<Worst> worst_;
  bool masked_ = false;
  bool streaked_ = false;
};

}  // namespace

ClipResult score_clip(const EvalRun& run, const ScoredClip& clip,
                      const std::function<void()>& done) {
  return ClipScoring(run, clip).score(done);
}

}  // namespace pluvia
