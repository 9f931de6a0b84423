// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/predictions.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <unordered_set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/progress.h"
#include "core/shell.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"
#include "datasets/media/stills.h"
#include "eval/apply/method_plan.h"
#include "eval/harness/prediction_pictures.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Measures the method it stands for.
class Timed final : public Method {
 public:
  explicit Timed(std::unique_ptr<Method> method) : method_(std::move(method)) {}
  const MethodInfo& info() const override { return method_->info(); }
  void derain(const FramesView<const float>& rainy, const FramesView<float>& clean) override {
    const Clock::time_point start = Clock::now();
    method_->derain(rainy, clean);
    seconds += seconds_since(start);
  }
  double seconds = 0;

 private:
  std::unique_ptr<Method> method_;
};

ApplyPlan plan_of(const Inference& inference) {
  return paper_plan(inference.plan, inference.blend == "mean" ? Overlap::kAverage : Overlap::kTrim);
}

ApplyPlan plan_for(const MethodInfo& method, const PredictionPlan& wanted) {
  const bool papers = wanted.inference != nullptr && method.window_frames != 0;
  const ApplyPlan plan = papers ? plan_of(*wanted.inference) : plan_of(method, Tiling::kAuto);
  return wanted.apart ? one_by_one(plan) : plan;
}

/// The frame as it would be saved; layers are always rounded.
Prediction prediction_of(const MethodInfo& method, const PlanarFrame& frame, int t, ToCode rule,
                         const ClaimedLayers& layers) {
  Prediction out{to_codes(frame, 0, 3, rule, t), {}};
  for (const ScoredLayer* layer : layers.scored) {
    int first = 3;
    for (const auto& [name, channels] : method.layers) {
      if (name == spec(layer->layer).name) {
        out.layers.push_back(to_codes(frame, first, channels, ToCode::kRoundHalfEven, t));
      }
      first += channels;
    }
  }
  return out;
}

double run_built_in(const MethodChoice& choice, const ClipFrames& frames, const ScoredClip& clip,
                    const PredictionPlan& plan, const TakePrediction& take) {
  Timed method(choice.make());
  const Inference* const inference = plan.inference;
  const ToCode rule = inference != nullptr && inference->save == "truncate"
                          ? ToCode::kTruncate
                          : ToCode::kRoundHalfEven;
  int given = 0;
  apply_method(
      method, plan_for(method.info(), plan),
      [&](PlanarFrame& frame) {
        if (given == clip.frames) return false;
        frame = {method.info().channels_in(), clip.height, clip.width, {}};
        append_planar(frames.read(Layer::kLq, given), frame.values);
        if (frame.channels == 6) append_planar(frames.read(Layer::kGt, given), frame.values);
        ++given;
        return true;
      },
      [&](int t, const PlanarFrame& frame) {
        take(t, prediction_of(method.info(), frame, t, rule, plan.layers));
      });
  return method.seconds;
}

fs::path layer_folder(const fs::path& folder, const ScoredLayer& layer) {
  return folder / spec(layer.layer).name;
}

ColorWanted colour_of(const ScoredLayer& layer) {
  return spec(layer.layer).channels == 1 ? ColorWanted::kGrey : ColorWanted::kRgb;
}

/// Of the frames, then of every layer.
std::vector<std::vector<PredictionPicture>> pictures_of(const fs::path& folder,
                                                        const ScoredClip& clip,
                                                        const ClaimedLayers& layers,
                                                        PictureFaults& faults) {
  std::vector<std::vector<PredictionPicture>> out;
  out.push_back(find_pictures(folder, clip, ColorWanted::kRgb, faults));
  for (const ScoredLayer* layer : layers.scored) {
    out.push_back(find_pictures(layer_folder(folder, *layer), clip, colour_of(*layer), faults));
  }
  return out;
}

void take_files(const fs::path& folder, const ScoredClip& clip, const ClaimedLayers& layers,
                const TakePrediction& take) {
  PictureFaults faults;
  const auto pictures = pictures_of(folder, clip, layers, faults);
  if (!faults.problems.empty()) refuse_pictures("predictions of clip " + clip.id, faults);
  for (std::size_t t = 0; t < pictures.front().size(); ++t) {
    Prediction prediction{read_picture(pictures.front()[t]), {}};
    for (std::size_t i = 1; i < pictures.size(); ++i) {
      prediction.layers.push_back(read_picture(pictures[i][t]));
    }
    take(static_cast<int>(t), prediction);
  }
}

/// All that is wrong with what a program left, at once.
void check_output(const fs::path& folder, const ScoredClip& clip) {
  PictureFaults faults;
  const std::vector<std::string> losses =
      check_pictures(find_pictures(folder, clip, ColorWanted::kRgb, faults), faults, [] {});
  if (!faults.problems.empty()) refuse_pictures("predictions of clip " + clip.id, faults);
  if (!losses.empty()) warn(cat("clip ", clip.id, " lost something in reading: ", losses.front()));
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

double run_command(const MethodChoice& choice, const ClipFrames& frames, const ScoredClip& clip,
                   const TakePrediction& take) {
  const WorkFolder work;
  const fs::path in = work.path() / "in";
  const fs::path out = work.path() / "out";
  fs::create_directory(in);
  fs::create_directory(out);
  for (int t = 0; t < clip.frames; ++t) {
    write_png(in / (clip.frame_names[static_cast<std::size_t>(t)] + ".png"),
              frames.read(Layer::kLq, t).view());
  }
  const std::string line = replaced(replaced(choice.command, "{in}", shell_quoted(in.string())),
                                    "{out}", shell_quoted(out.string()));
  const Clock::time_point start = Clock::now();
  const int status = run_by_shell(line);
  const double seconds = seconds_since(start);
  if (status != 0) {
    fail("cmd:", choice.command, " on clip ", clip.id, ": it ended with status ", status,
         ", expected 0");
  }
  check_output(out, clip);
  take_files(out, clip, {}, take);
  return seconds;
}

/// A clip that is not scored today may be there; one that the set does not have was meant for
/// another set, or is misspelt.
std::vector<std::string> strangers_in(const fs::path& folder, const SetInfo& set) {
  std::unordered_set<std::string> clips;
  for (const IndexRow& row : set.rows) clips.insert(row.clip.id);
  std::vector<std::string> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool matters = entry.is_directory() || is_still_name(entry.path());
    if (matters && clips.count(name) == 0 && name.front() != '.') out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

double predict_clip(const MethodChoice& method, const ClipFrames& frames, const ScoredClip& clip,
                    const PredictionPlan& plan, const TakePrediction& take) {
  switch (method.kind) {
    case MethodKind::kFolder:
      take_files(method.folder / clip.id, clip, plan.layers, take);
      return 0;
    case MethodKind::kCommand:
      return run_command(method, frames, clip, take);
    case MethodKind::kBuiltIn:
      break;
  }
  return run_built_in(method, frames, clip, plan, take);
}

CheckedFolder check_folder(const MethodChoice& method, const SetInfo& set,
                           const std::vector<ScoredClip>& clips, const ClaimedLayers& layers) {
  if (method.kind != MethodKind::kFolder) return {};
  PictureFaults faults;
  std::vector<PredictionPicture> all;  // at once: stacks of unrelated pictures may be of one each
  std::vector<std::size_t> ends;
  for (const ScoredClip& clip : clips) {
    for (const auto& pictures : pictures_of(method.folder / clip.id, clip, layers, faults)) {
      all.insert(all.end(), pictures.begin(), pictures.end());
    }
    ends.push_back(all.size());
  }
  Progress progress("checking", all.size(), "pictures");
  CheckedFolder checked;
  checked.losses = check_pictures(all, faults, [&] { progress.add(1); });
  progress.finish();
  if (!faults.problems.empty()) {
    refuse_pictures("scoring folder:" + method.folder.string(), faults);
  }
  const std::vector<std::string> hashes = named_hashes(all, method.folder);
  checked.sha256 = sha256_hex(join(hashes, "\n"));
  for (std::size_t c = 0, i = 0; c < clips.size(); ++c) {
    std::string lines;
    for (; i < ends[c]; ++i) lines += hashes[i] + "\n";
    checked.clips[clips[c].id] = sha256_hex(lines);
  }
  checked.strangers = strangers_in(method.folder, set);
  return checked;
}

}  // namespace pluvia
