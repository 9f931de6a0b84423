// SPDX-License-Identifier: Apache-2.0
#include "eval/render/render_set.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"
#include "datasets/store/set_info.h"
#include "datasets/store/set_writer.h"
#include "synth/rain_params.h"
#include "synth/renderer.h"
#include "synth/scenes/scenes.h"

namespace pluvia {
namespace {

// A camera for footage that says nothing of its own: 60 degrees wide, 1.4 m above the road, still.
synth::CameraState unknown_camera(int width) {
  synth::CameraState camera;
  camera.position_m = {0, 1.4, 0};
  camera.focal_px = 0.866 * width;
  return camera;
}

// Clean frames one after the other, from a scene or from the user's footage.
class CleanFrames {
 public:
  CleanFrames(const PlannedRender& clip, const RenderRequest& request) : recipe_(request.recipe) {
    if (clip.path.empty()) {
      synth::SceneInfo info = {recipe_.frames, recipe_.height, recipe_.width, recipe_.fps};
      const std::uint64_t seed = request.seed * 1000003 + static_cast<std::uint64_t>(clip.number);
      scene_ = synth::scenes::find_scene(clip.scene).make({seed, info});
      return;
    }
    footage_ = open_frames(clip.path, ColorWanted::kRgb);
    if (footage_->info().fps > 0) fps_ = footage_->info().fps;
  }

  double fps() const { return scene_ ? recipe_.fps : fps_; }
  int height() const { return scene_ ? recipe_.height : footage_->info().height; }
  int width() const { return scene_ ? recipe_.width : footage_->info().width; }
  const MediaNotes& notes() const {
    static const MediaNotes none;
    return footage_ ? footage_->info().notes : none;
  }

  /// False when the footage has ended, or the recipe's length is reached.
  bool next(int t, synth::SceneFrame& frame) {
    if (t >= recipe_.frames) return false;
    if (scene_) {
      frame = scene_->frame(t);
      return true;
    }
    frame = {};
    if (!footage_->next(frame.clean)) return false;
    frame.camera = unknown_camera(frame.clean.width());
    frame.time_s = t / fps_;
    return true;
  }
  std::string frame_name(int t) const {
    char text[24];
    std::snprintf(text, sizeof text, "%08d", t);
    return text;
  }

 private:
  const synth::Recipe& recipe_;
  std::unique_ptr<synth::Scene> scene_;
  std::unique_ptr<FrameSource> footage_;
  double fps_ = 25;
};

std::string safe_id(const std::string& name) {
  std::string id;
  for (const char c : name) id += is_clip_id(std::string("a") + c) ? c : '_';
  if (id.empty() || id.front() == '.') id = "clip" + id;
  return id;
}

void render_clip(const PlannedRender& plan, const RenderRequest& request, SetWriter& set,
                 Progress& progress) {
  CleanFrames clean(plan, request);
  const auto number = static_cast<std::uint32_t>(plan.number);
  const Params params = request.recipe.draw(request.seed, number);
  const synth::RainRenderer rain(synth::RainParams::of(params), request.seed, number);
  ClipInfo info;
  info.id = plan.id;
  info.height = clean.height();
  info.width = clean.width();
  info.fps = clean.fps();
  info.layers = rain.layers();
  info.split = plan.split;
  info.source = plan.source;
  info.seed = request.seed;
  info.rain = params.to_json().dump();
  const std::unique_ptr<ClipWriter> writer = set.begin(info);
  std::vector<FrameRow> rows;
  synth::SceneFrame frame;
  for (int t = 0; clean.next(t, frame); ++t) {
    throw_if_interrupted();
    FrameRow row = rain.row(frame);
    row.name = clean.frame_name(t);
    rows.push_back(row);
    writer->add(rain.render(frame));
    progress.add(1, plan.id);
  }
  for (const auto& [key, value] : clean.notes()) writer->set_note("source." + key, value);
  if (static_cast<int>(rows.size()) < request.recipe.frames) {
    warn(cat(plan.path.string(), " has ", rows.size(), " frames, ", request.recipe.frames,
             " were asked for"));
  }
  writer->set_frames({true, true, true}, std::move(rows));
  writer->finish();
}

std::string settings_of(const RenderRequest& request) {
  Json settings;
  settings["recipe"] = parse_json(request.recipe_text, "recipe");
  settings["seed"] = request.seed;
  settings["shard"] = {request.shard, request.shards};
  for (const fs::path& source : request.sources) {
    settings["sources"].push_back(fs::absolute(source).string());
  }
  return canonical_text(settings);
}

SetOptions set_options(const RenderRequest& request, const std::string& formation) {
  SetOptions options;
  options.formation = formation;
  options.title = request.recipe.title;
  options.recipe = request.recipe_text;
  options.provenance = Json{{"made_by", "synth"}, {"seed", request.seed}}.dump();
  options.generator = request.generator;
  options.settings = settings_of(request);
  options.resume = request.resume;
  options.force = request.force;
  options.threads = request.threads;
  return options;
}

}  // namespace

std::vector<fs::path> list_sources(const fs::path& path) {
  std::error_code code;
  if (!fs::exists(path, code))
    fail("reading source ", path.string(), ": there is no such file or folder");
  if (!fs::is_directory(path, code)) return {path};
  std::vector<fs::path> inside;
  bool pictures = false;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, code)) {
    if (entry.path().filename().string().front() == '.') continue;
    if (entry.is_directory() || is_video_name(entry.path())) inside.push_back(entry.path());
    pictures = pictures || is_still_name(entry.path());
  }
  if (code) fail("reading source ", path.string(), ": ", code.message());
  if (pictures) return {path};
  if (inside.empty()) fail("reading source ", path.string(), ": neither pictures nor videos in it");
  std::sort(inside.begin(), inside.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.string(), b.string());
  });
  return inside;
}

std::vector<PlannedRender> plan_render(const RenderRequest& request) {
  const synth::Recipe& recipe = request.recipe;
  std::vector<PlannedRender> plans;
  std::set<std::string> taken;
  if (request.sources.empty() && recipe.scenes.empty()) {
    fail_usage("the recipe names no scenes; give clean videos or folders with --source");
  }
  const int clips =
      request.sources.empty() ? recipe.clips : static_cast<int>(request.sources.size());
  for (int i = 0; i < clips; ++i) {
    PlannedRender plan;
    plan.number = i;
    if (request.sources.empty()) {
      char id[16];
      std::snprintf(id, sizeof id, "%03d", i);
      plan.id = id;
      plan.scene = recipe.scenes[static_cast<std::size_t>(i) % recipe.scenes.size()];
      synth::scenes::find_scene(plan.scene);
      plan.source = cat(plan.scene, "/", request.seed, "/", i);
    } else {
      plan.path = request.sources[static_cast<std::size_t>(i)];
      plan.id = safe_id(plan.path.stem().string());
      plan.source = fs::absolute(plan.path).lexically_normal().filename().string();
      if (!taken.insert(plan.id).second) {
        fail_usage("two sources are called '", plan.id, "' (", plan.path.string(), "); rename one");
      }
    }
    if (recipe.test_share > 0) plan.split = recipe.is_test(i) ? "test" : "train";
    if (i % request.shards == request.shard) plans.push_back(std::move(plan));
  }
  return plans;
}

std::size_t render_set(const RenderRequest& request) {
  const std::vector<PlannedRender> plans = plan_render(request);
  const std::string formation = request.recipe.draw(request.seed, 0).text("formation");
  SetWriter set(request.out, set_options(request, formation));
  if (set.complete()) return plans.size();
  const auto frames = static_cast<std::uint64_t>(request.recipe.frames);
  const std::uint64_t pixels = frames * plans.size() *
                               static_cast<std::uint64_t>(request.recipe.height) *
                               static_cast<std::uint64_t>(request.recipe.width);
  set.require_space(pixels * 11);
  Progress progress("rendering", frames * plans.size(), "frames");
  for (const PlannedRender& plan : plans) {
    if (set.has_clip(plan.id)) {
      progress.skip(frames);
      continue;
    }
    const std::string place = plan.path.empty() ? "rendering clip " + plan.id
                                                : "rendering rain over " + plan.path.string();
    within(place, [&] { render_clip(plan, request, set, progress); });
  }
  progress.finish();
  set.commit();
  return plans.size();
}

}  // namespace pluvia
