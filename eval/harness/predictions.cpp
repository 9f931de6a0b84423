// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/predictions.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <set>

#include "core/counted.h"
#include "core/error.h"
#include "core/shell.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"
#include "datasets/media/stills.h"
#include "datasets/pairing.h"
#include "eval/apply/method_plan.h"

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

ApplyPlan plan_for(const MethodInfo& method, const Inference* inference) {
  if (inference == nullptr || method.window_frames == 0) return plan_of(method, Tiling::kAuto);
  return paper_plan(inference->plan);
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
      method, plan_for(method.info(), inference),
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

/// Pictures of a folder by the key of their name (datasets/pairing.h).
std::map<std::string, fs::path> pictures_by_key(const fs::path& folder,
                                                std::vector<std::string>& problems) {
  std::map<std::string, fs::path> out;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    if (!is_still_name(entry.path())) continue;
    const std::string key = pairing_key(entry.path().stem().string());
    const auto [at, fresh] = out.emplace(key, entry.path());
    if (!fresh) {
      problems.push_back(cat(entry.path().string(), " and ", at->second.filename().string(),
                             " have the same name"));
    }
  }
  if (code) problems.push_back(cat(folder.string(), ": ", code.message()));
  return out;
}

/// The picture of every frame; what is wrong goes to `problems`.
std::vector<fs::path> files_of(const fs::path& folder, const ScoredClip& clip,
                               std::vector<std::string>& problems) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    problems.push_back("no folder " + folder.string());
    return {};
  }
  std::map<std::string, fs::path> there = pictures_by_key(folder, problems);
  std::vector<fs::path> files;
  for (const std::string& name : clip.frame_names) {
    const auto found = there.find(pairing_key(name));
    if (found == there.end()) {
      problems.push_back(cat("missing ", (folder / (name + ".png")).string()));
      continue;
    }
    try {
      const StillSize size = probe_still(found->second);
      if (size.height != clip.height || size.width != clip.width) {
        problems.push_back(cat(found->second.string(), " is ", size.width, "x", size.height,
                               ", the frame ", clip.width, "x", clip.height));
      }
    } catch (const Error& error) {
      problems.emplace_back(error.what());
    }
    files.push_back(found->second);
    there.erase(found);
  }
  for (const auto& [key, path] : there) problems.push_back("extra " + path.string());
  return files;
}

[[noreturn]] void refuse(const std::string& what, const std::vector<std::string>& problems) {
  fail(what, ": ", counted(problems.size(), "problem"), ": ", list_some(problems, 12));
}

fs::path layer_folder(const fs::path& folder, const ScoredLayer& layer) {
  return folder / spec(layer.layer).name;
}

void take_files(const fs::path& folder, const ScoredClip& clip, const ClaimedLayers& layers,
                const TakePrediction& take) {
  std::vector<std::string> problems;
  const std::vector<fs::path> files = files_of(folder, clip, problems);
  std::vector<std::vector<fs::path>> of_layers;
  for (const ScoredLayer* layer : layers.scored) {
    of_layers.push_back(files_of(layer_folder(folder, *layer), clip, problems));
  }
  if (!problems.empty()) refuse("predictions of clip " + clip.id, problems);
  for (std::size_t t = 0; t < files.size(); ++t) {
    Prediction prediction{read_still(files[t], ColorWanted::kRgb, nullptr), {}};
    for (std::size_t i = 0; i < of_layers.size(); ++i) {
      const bool grey = spec(layers.scored[i]->layer).channels == 1;
      prediction.layers.push_back(
          read_still(of_layers[i][t], grey ? ColorWanted::kGrey : ColorWanted::kRgb, nullptr));
    }
    take(static_cast<int>(t), prediction);
  }
}

/// A folder of our own that is gone when this is.
class WorkFolder {
 public:
  WorkFolder() {
    std::string pattern = (fs::temp_directory_path() / "pluvia-eval-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) fail("making a folder ", pattern, " failed");
    path_ = pattern;
  }
  ~WorkFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string quoted(const fs::path& path) {
  std::string out = "'";
  for (const char c : path.string()) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
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
  const std::string line =
      replaced(replaced(choice.command, "{in}", quoted(in)), "{out}", quoted(out));
  const Clock::time_point start = Clock::now();
  const int status = run_by_shell(line);
  const double seconds = seconds_since(start);
  if (status != 0) {
    fail("cmd:", choice.command, " on clip ", clip.id, ": it ended with status ", status,
         ", expected 0");
  }
  take_files(out, clip, {}, take);
  return seconds;
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

void check_folder(const MethodChoice& method, const std::vector<ScoredClip>& clips,
                  const ClaimedLayers& layers) {
  if (method.kind != MethodKind::kFolder) return;
  std::vector<std::string> problems;
  for (const ScoredClip& clip : clips) {
    const fs::path folder = method.folder / clip.id;
    files_of(folder, clip, problems);
    for (const ScoredLayer* layer : layers.scored) {
      files_of(layer_folder(folder, *layer), clip, problems);
    }
  }
  if (!problems.empty()) refuse("scoring folder:" + method.folder.string(), problems);
}

}  // namespace pluvia
