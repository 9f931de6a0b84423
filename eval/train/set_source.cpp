// SPDX-License-Identifier: Apache-2.0
// Crops of a set's clips: clips are drawn equally often, then a start among all that fit, then the
// rectangle. Of a set of unrelated pictures, which is stored as stacks of equal size, pictures are
// drawn equally often, whatever their stack. Only the chunks that a rectangle touches are read.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"
#include "datasets/store/set_reader.h"
#include "eval/train/training_source.h"

namespace pluvia {
namespace {

enum Draw : std::uint32_t { kClip, kStart, kFirstCrop };

class SetSource final : public TrainingSource {
 public:
  SetSource(const std::string& path, const std::string& split, const LayerSet& layers,
            const SampleShape& shape, const std::function<std::string(Layer)>& users)
      : set_(SetReader::open(path)), layers_(layers), shape_(shape), path_(path) {
    const std::string chosen = choose_split(set_->info(), path, split, "train");
    int longest = 0;
    int tallest = 0;
    int widest = 0;
    for (const IndexRow& row : set_->info().rows) {
      const ClipInfo& clip = row.clip;
      if (!chosen.empty() && clip.split != chosen) continue;
      require_layers(clip, users);
      longest = std::max(longest, clip.frames);
      tallest = std::max(tallest, clip.height);
      widest = std::max(widest, clip.width);
      if (clip.frames < shape.frames || clip.height < shape.height || clip.width < shape.width) {
        ++small_;
        continue;
      }
      frames_ += clip.frames;
      starts_ += clip.frames - shape.frames + 1;
      content_.push_back(clip_sha256(row.content_sha256));
      clips_.push_back(set_->clip(clip.id));
    }
    if (clips_.empty()) {
      fail("training on ", path, chosen.empty() ? "" : ", split " + chosen, ": ",
           small_ == 0
               ? std::string("it holds no clips")
               : cat("no clip holds a crop of ", counted(shape.frames, "frame"), " of ",
                     shape.width, "x", shape.height, "; the largest is ", counted(longest, "frame"),
                     " of ", widest, "x", tallest, ": set frames and crop_px"));
    }
  }

  std::string describe() const override {
    const char* const whole = of_pictures() ? "stack" : "clip";
    return cat(path_, ": ", counted(clips_.size(), whole), ", ",
               counted(frames_, of_pictures() ? "picture" : "frame"),
               small_ > 0 ? cat(" (", counted(small_, whole), small_ == 1 ? " is" : " are",
                                " too small or short)")
                          : "");
  }

  bool of_pictures() const override { return set_->info().kind == "images"; }

  std::string identity() const override {
    return Json{{"kind", "set"}, {"clips", content_}}.dump();
  }

  std::vector<TrainingSample> visit(const Random& random, int crops) const override {
    const auto [at, start] = of_pictures() ? any_start(random) : start_of_any(random);
    const ClipReader& clip = *clips_[at];
    const ClipInfo& info = clip.info();
    const auto choose = [&](std::uint32_t draw, int room) {
      return static_cast<int>(random.below(draw, static_cast<std::uint32_t>(room + 1)));
    };
    std::vector<TrainingSample> samples;
    for (int i = 0; i < crops; ++i) {
      const auto draw = kFirstCrop + 2 * static_cast<std::uint32_t>(i);
      const Window window = {start,
                             shape_.frames,
                             choose(draw, info.height - shape_.height),
                             choose(draw + 1, info.width - shape_.width),
                             shape_.height,
                             shape_.width};
      samples.push_back(read(clip, window));
    }
    return samples;
  }

 private:
  void require_layers(const ClipInfo& clip, const std::function<std::string(Layer)>& users) const {
    std::vector<std::string> missing;
    for (const Layer layer : layers_.list()) {
      if (clip.layers.has(layer)) continue;
      const std::string needed_by = layer == Layer::kLq ? "the network" : users(layer);
      missing.push_back(cat(spec(layer).name, " (needed by ", needed_by, ")"));
    }
    if (!missing.empty()) {
      fail("training on ", path_, ": clip ", clip.id, " has no layer ", join(missing, ", "),
           "; it has ", clip.layers.names());
    }
  }

  /// A clip and its first frame: any clip, then any start of it.
  std::pair<std::size_t, int> start_of_any(const Random& random) const {
    const std::size_t at = random.below(kClip, static_cast<std::uint32_t>(clips_.size()));
    const int room = clips_[at]->info().frames - shape_.frames + 1;
    return {at, static_cast<int>(random.below(kStart, static_cast<std::uint32_t>(room)))};
  }

  /// Any start of all.
  std::pair<std::size_t, int> any_start(const Random& random) const {
    int start = static_cast<int>(random.below(kClip, static_cast<std::uint32_t>(starts_)));
    std::size_t at = 0;
    for (;; ++at) {
      const int room = clips_[at]->info().frames - shape_.frames + 1;
      if (start < room) return {at, start};
      start -= room;
    }
  }

  TrainingSample read(const ClipReader& clip, const Window& window) const {
    TrainingSample sample{shape_, {}};
    for (const Layer layer : layers_.list()) {
      std::vector<std::uint8_t> bytes(window.pixels() * spec(layer).pixel_bytes());
      clip.read(layer, window, std::as_writable_bytes(std::span(bytes)));
      sample.layers.emplace_back(layer, std::move(bytes));
    }
    return sample;
  }

  std::shared_ptr<SetReader> set_;
  LayerSet layers_;
  SampleShape shape_;
  std::string path_;
  std::vector<std::unique_ptr<ClipReader>> clips_;
  std::vector<std::string> content_;
  std::int64_t frames_ = 0;
  std::int64_t starts_ = 0;  ///< windows in all
  int small_ = 0;
};

}  // namespace

std::unique_ptr<TrainingSource> open_set_source(const std::string& path, const std::string& split,
                                                const LayerSet& layers, const SampleShape& shape,
                                                const std::function<std::string(Layer)>& users) {
  return std::make_unique<SetSource>(path, split, layers, shape, users);
}

}  // namespace pluvia
