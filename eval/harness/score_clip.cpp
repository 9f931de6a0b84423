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
    const auto has = [&](const char* name) {
      return std::find(run.regions.begin(), run.regions.end(), name) != run.regions.end();
    };
    masked_ = has("inside");
    streaked_ = has("on_streak");
  }

  ClipResult score(const std::function<void()>& done) {
    const auto& inference = run_.scorer.protocol().inference;
    result_.method_s = predict_clip(run_.request.method, frames_, clip_,
                                    inference ? &*inference : nullptr,
                                    [&](int t, const Image<std::uint8_t>& prediction) {
                                      take(t, prediction);
                                      done();
                                    });
    result_.scores.values = pass_->scores();
    keep_worst();
    run_.cache.flush();
    return std::move(result_);
  }

 private:
  void take(int t, const Image<std::uint8_t>& prediction) {
    FrameData data = frames_.read(t);
    if (!masked_) data.mask = {};
    if (!streaked_) data.streak = {};
    const std::string& name = clip_.frame_names[static_cast<std::size_t>(t)];
    FramePair pair{name, {data.truth.view(), {}}, {prediction.view(), {}}, nullptr, {}};
    result_.scores.frames.push_back(scores_of(pair, data, prediction));
    if (!run_.scorer.clip_keys().empty()) {
      const Image<float> flow = frames_.read_flow(t);
      if (!flow.empty()) pair.flow = flow.view();
      pass_->add(pair);
    }
    if (!run_.request.save.empty()) save(name, prediction);
    const std::vector<double>& values = result_.scores.frames.back().values;
    const double first = values.empty() ? std::nan("") : values.front();
    if (t == clip_.frames / 2) keep(name, "sample", first, data, prediction);
    note_worst(name, first, data, prediction);
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

  void save(const std::string& name, const Image<std::uint8_t>& prediction) const {
    const fs::path folder = run_.request.save / clip_.id;
    fs::create_directories(folder);
    write_png(folder / (name + ".png"), prediction.view());
  }

  bool is_worse(double score, double than) const {
    for (const ProtocolMetric& metric : run_.scorer.protocol().metrics) {
      if (metric.key != run_.scorer.frame_keys().front()) continue;
      return metric.metric->higher_is_better ? score < than : score > than;
    }
    return false;
  }

  void note_worst(const std::string& name, double score, const FrameData& data,
                  const Image<std::uint8_t>& prediction) {
    if (!std::isfinite(score) || (worst_ && !is_worse(score, worst_->score))) return;
    worst_ = Worst{name, score, data.rainy.clone(), data.truth.clone(), prediction.clone()};
  }

  void keep_worst() {
    if (worst_) keep(worst_->name, "worst", worst_->score, worst_->rainy, worst_->truth, worst_->prediction);
  }

  void keep(const std::string& name, const char* role, double score, const FrameData& data,
            const Image<std::uint8_t>& prediction) {
    keep(name, role, score, data.rainy, data.truth, prediction);
  }

  void keep(const std::string& name, const char* role, double score,
            const Image<std::uint8_t>& rainy, const Image<std::uint8_t>& truth,
            const Image<std::uint8_t>& prediction) {
    const std::string stem = clip_.id + "_" + name + "_";
    write_png(run_.pictures / (stem + "rainy.png"), rainy.view());
    write_png(run_.pictures / (stem + "prediction.png"), prediction.view());
    write_png(run_.pictures / (stem + "truth.png"), truth.view());
    for (const KeptFrame& kept : result_.kept) {
      if (kept.frame == name) return;
    }
    result_.kept.push_back({name, role, score});
  }

  struct Worst {
    std::string name;
    double score;
    Image<std::uint8_t> rainy, truth, prediction;
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
