// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/score_clip.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/hash.h"
#include "core/text.h"
#include "datasets/media/stills.h"
#include "eval/harness/predictions.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

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
    clip_key_ = key_of_clip();
    if (!clip_key_.empty()) {
      known_clip_ = run.cache.find(clip_key_, run.scorer.clip_keys().size(), 0);
    }
  }

  ClipResult score(const std::function<void()>& done) {
    const auto& inference = run_.scorer.protocol().inference;
    result_.method_s = predict_clip(
        run_.request.method, frames_, clip_,
        {inference ? &*inference : nullptr, run_.layers, run_.set.info().kind == "images"},
        [&](int t, const Prediction& prediction) {
          take(t, prediction);
          done();
        });
    result_.scores.values = clip_scores();
    result_.predictions = predictions_.hex();
    keep_worst();
    run_.cache.flush();
    return std::move(result_);
  }

 private:
  void take(int t, const Prediction& prediction) {
    const std::string bytes = sha256_hex(std::as_bytes(prediction.clean.pixels()));
    predictions_.update(cat(name_of(t), " ", bytes, "\n"));
    for (const Image<std::uint8_t>& layer : prediction.layers) {
      predictions_.update(std::as_bytes(layer.pixels()));
    }
    if (!run_.request.save.empty()) save(name_of(t), prediction);
    if (!run_.scorer.protocol().counts(t, clip_.frames)) return;
    result_.scores.frames.push_back(scores_of(t, prediction.clean, bytes));
    tally_layers(t, prediction);
    if (!run_.scorer.clip_keys().empty() && !known_clip_) add_to_clip(t, prediction.clean);
    const std::vector<double>& values = result_.scores.frames.back().values;
    const double first = values.empty() ? std::nan("") : values.front();
    if (t == clip_.frames / 2) keep(t, "sample", first, prediction);
    remember_if_bad(t, first, prediction);
  }

  const std::string& name_of(int t) const { return clip_.frame_names[static_cast<std::size_t>(t)]; }

  FramePair pair_of(int t, const Image<std::uint8_t>& truth,
                    const Image<std::uint8_t>& prediction) const {
    return {name_of(t), {truth.view(), {}}, {prediction.view(), {}}, nullptr, {}};
  }

  void add_to_clip(int t, const Image<std::uint8_t>& prediction) {
    const Image<std::uint8_t> truth = frames_.read(Layer::kGt, t);
    FramePair pair = pair_of(t, truth, prediction);
    const Image<float> flow = frames_.read_flow(t);
    if (!flow.empty()) pair.flow = flow.view();
    pass_->add(pair);
  }

  void tally_layers(int t, const Prediction& prediction) {
    for (std::size_t i = 0; i < run_.layers.scored.size(); ++i) {
      const ScoredLayer& layer = *run_.layers.scored[i];
      const Image<std::uint8_t> truth = frames_.read(layer.layer, t);
      result_.layers[i].push_back(layer.tally(prediction.layers[i].view(), truth.view()));
    }
  }

  /// The prediction's bytes, and what the set's index says of everything it is held against: a
  /// frame that was scored before is not even decoded. That the index is no longer true shows in
  /// the file's time.
  std::string key_of(int t, const std::string& bytes) const {
    return sha256_hex(cat(clip_.content, " ", clip_.file_state, " ", clip_.height, "x", clip_.width,
                          " ", t, " ", join(run_.regions, ","), "\n", bytes));
  }

  /// Of the whole clip; empty where its predictions are not known before they are all there.
  std::string key_of_clip() const {
    const auto files = run_.files.find(clip_.id);
    if (run_.scorer.clip_keys().empty() || !clip_.content_known || files == run_.files.end()) {
      return {};
    }
    return sha256_hex(
        cat("clip ", clip_.content, " ", clip_.file_state, " ", clip_.frames, " ", files->second));
  }

  std::vector<double> clip_scores() {
    if (known_clip_) return known_clip_->values;
    FrameScores scores;
    scores.values = pass_->scores();
    scores.sums.resize(scores.values.size());
    scores.regions.resize(scores.values.size());
    if (!clip_key_.empty()) run_.cache.add(clip_key_, scores);
    return scores.values;
  }

  FrameScores scores_of(int t, const Image<std::uint8_t>& prediction, const std::string& bytes) {
    const std::string key = clip_.content_known ? key_of(t, bytes) : "";
    if (!key.empty()) {
      std::optional<FrameScores> known =
          run_.cache.find(key, run_.scorer.frame_keys().size(), run_.regions.size());
      if (known) {
        known->name = name_of(t);
        return std::move(*known);
      }
    }
    FrameData data = frames_.read(t);
    if (!masked_) data.mask = {};
    if (!streaked_) data.streak = {};
    FramePair pair = pair_of(t, data.truth, prediction);
    Regions regions;
    if (!run_.regions.empty()) {
      regions = make_regions(data.sources(), clip_.height, clip_.width);
      pair.regions = &regions;
    }
    FrameScores scores = run_.scorer.score(pair);
    if (!key.empty()) run_.cache.add(key, scores);
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

  /// Of this clip, the worst first.
  void remember_if_bad(int t, double score, const Prediction& prediction) {
    if (!std::isfinite(score)) return;
    const auto at = std::find_if(worst_.begin(), worst_.end(), [&](const Worst& one) {
      return run_.worst.is_worse(score, one.score);
    });
    if (at == worst_.end() && worst_.size() == WorstScores::kCount) return;
    worst_.insert(at, Worst{t, score, copy_of(prediction)});
    if (worst_.size() > WorstScores::kCount) worst_.pop_back();
  }

  void keep_worst() {
    for (const Worst& one : worst_) {
      if (run_.worst.take(one.score)) keep(one.t, "worst", one.score, one.prediction);
    }
  }

  void keep(int t, const char* role, double score, const Prediction& prediction) {
    const std::string& name = name_of(t);
    const bool written = std::any_of(result_.kept.begin(), result_.kept.end(),
                                     [&](const KeptFrame& kept) { return kept.frame == name; });
    result_.kept.push_back({name, role, score});
    if (written) return;
    const auto write = [&](const std::string& kind, const Image<std::uint8_t>& image) {
      write_png(run_.pictures / exhibit_name(clip_.id, name, kind), image.view());
    };
    write("rainy", frames_.read(Layer::kLq, t));
    write("prediction", prediction.clean);
    write("truth", frames_.read(Layer::kGt, t));
    for (std::size_t i = 0; i < run_.layers.scored.size(); ++i) {
      const LayerSpec& layer = spec(run_.layers.scored[i]->layer);
      write(layer.name, prediction.layers[i]);
      write(cat(layer.name, "_truth"), frames_.read(layer.layer, t));
    }
  }

  static Prediction copy_of(const Prediction& from) {
    Prediction copy{from.clean.clone(), {}};
    for (const Image<std::uint8_t>& layer : from.layers) copy.layers.push_back(layer.clone());
    return copy;
  }

  struct Worst {
    int t;
    double score;
    Prediction prediction;
  };

  const EvalRun& run_;
  const ScoredClip& clip_;
  ClipFrames frames_;
  std::unique_ptr<ClipPass> pass_;
  Sha256 predictions_;
  std::string clip_key_;
  std::optional<FrameScores> known_clip_;
  ClipResult result_;
  std::vector<Worst> worst_;
  bool masked_ = false;
  bool streaked_ = false;
};

}  // namespace

std::string exhibit_name(const std::string& clip, const std::string& frame,
                         const std::string& kind) {
  return clip + "~" + frame + "~" + kind + ".png";
}

bool WorstScores::take(double score) {
  const std::scoped_lock lock(mutex_);
  if (scores_.size() == kCount && is_worse(scores_.back(), score)) return false;
  const auto at = std::find_if(scores_.begin(), scores_.end(),
                               [&](double one) { return is_worse(score, one); });
  scores_.insert(at, score);
  if (scores_.size() > kCount) scores_.pop_back();
  return true;
}

ClipResult score_clip(const EvalRun& run, const ScoredClip& clip,
                      const std::function<void()>& done) {
  return ClipScoring(run, clip).score(done);
}

}  // namespace pluvia
