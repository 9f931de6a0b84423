// SPDX-License-Identifier: Apache-2.0
#include "eval/render/plan.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"
#include "datasets/store/set_info.h"
#include "synth/rain_params.h"
#include "synth/scenes/scenes.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

std::string safe_id(const std::string& name) {
  std::string id;
  for (const char c : name) id += is_clip_id(std::string("a") + c) ? c : '_';
  if (id.empty() || id.front() == '.') id = "clip" + id;
  return id;
}

PlannedRender scene_clip(const synth::Recipe& recipe, int number) {
  PlannedRender clip;
  clip.number = number;
  char id[16];
  std::snprintf(id, sizeof id, "%03d", number);
  clip.id = id;
  clip.scene = recipe.scenes[static_cast<std::size_t>(number) % recipe.scenes.size()];
  synth::scenes::find_scene(clip.scene);
  clip.source = cat(clip.scene, "/", recipe.seed, "/", number);
  if (recipe.test_share > 0) clip.split = recipe.is_test(number) ? "test" : "train";
  clip.frames = recipe.frames;
  clip.height = recipe.height;
  clip.width = recipe.width;
  return clip;
}

/// What every source says of itself before it is read.
std::vector<SourceInfo> survey(const std::vector<fs::path>& sources) {
  std::vector<SourceInfo> infos;
  for (const fs::path& path : sources) {
    within("reading source " + path.string(),
           [&] { infos.push_back(open_frames(path, ColorWanted::kRgb)->info()); });
  }
  return infos;
}

/// Clips take the sources in turn; a source that comes again goes on where its last clip ended.
PlannedRender source_clip(const RenderRequest& request, const std::vector<SourceInfo>& infos,
                          int number) {
  const auto sources = static_cast<int>(request.sources.size());
  const int at = number % sources;
  const int turn = number / sources;
  PlannedRender clip;
  clip.number = number;
  clip.path = request.sources[static_cast<std::size_t>(at)];
  clip.first_frame = turn * request.recipe.frames;
  clip.id = safe_id(clip.path.stem().string());
  if (turn > 0) clip.id += cat("_", clip.first_frame);
  clip.source = fs::absolute(clip.path).lexically_normal().filename().string();
  if (request.recipe.test_share > 0) clip.split = request.recipe.is_test(at) ? "test" : "train";
  const SourceInfo& info = infos[static_cast<std::size_t>(at)];
  if (info.frames > 0 && clip.first_frame >= info.frames) {
    fail("reading source ", clip.path.string(), ": it has ", counted(info.frames, "frame"),
         ", clip ", clip.id, " starts at frame ", clip.first_frame,
         "; ask for fewer --clips or --frames");
  }
  clip.frames = request.recipe.frames;
  if (info.frames > 0) clip.frames = std::min(clip.frames, info.frames - clip.first_frame);
  clip.height = request.size_given ? request.recipe.height : info.height;
  clip.width = request.size_given ? request.recipe.width : info.width;
  return clip;
}

void refuse_equal_names(const std::vector<fs::path>& sources) {
  std::set<std::string> taken;
  for (const fs::path& path : sources) {
    const std::string id = safe_id(path.stem().string());
    if (!taken.insert(id).second) {
      fail_usage("two sources are called '", id, "' (", path.string(), "); rename one");
    }
  }
}

/// Parts of a source are called after it and their first frame, variants after their values: two
/// names may meet.
void refuse_equal_clips(const std::vector<PlannedRender>& plans) {
  std::map<std::string, const PlannedRender*> taken;
  for (const PlannedRender& plan : plans) {
    const auto [at, fresh] = taken.emplace(plan.id, &plan);
    if (fresh) continue;
    fail_usage("two clips would be called '", plan.id, "', of ", at->second->source, " and ",
               plan.source, "; rename a source or change the sweep");
  }
}

void refuse_impossible_rain(const synth::Recipe& recipe, const std::vector<PlannedRender>& plans) {
  for (const PlannedRender& plan : plans) {
    within("clip " + plan.id, [&] {
      synth::RainParams::of(recipe.rain_of(static_cast<std::uint32_t>(plan.number), plan.variant));
    });
  }
}

std::vector<PlannedRender> plan_whole(const RenderRequest& request) {
  const synth::Recipe& recipe = request.recipe;
  const bool footage = !request.sources.empty();
  const std::vector<SourceInfo> infos = survey(request.sources);
  const int clips =
      footage && !request.clips_given ? static_cast<int>(request.sources.size()) : recipe.clips;
  std::vector<PlannedRender> plans;
  for (int i = 0; i < clips; ++i) {
    const PlannedRender clip = footage ? source_clip(request, infos, i) : scene_clip(recipe, i);
    for (const synth::Variant& variant : recipe.variants) {
      plans.push_back(clip);
      plans.back().variant = variant;
      if (!variant.name.empty()) plans.back().id += "_" + variant.name;
    }
  }
  return plans;
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

std::vector<fs::path> sources_of(const synth::Recipe& recipe, const fs::path& recipe_file) {
  std::vector<fs::path> out;
  for (const std::string& source : recipe.sources) {
    for (const fs::path& path : list_sources(recipe_file.parent_path() / source)) {
      out.push_back(path);
    }
  }
  return out;
}

std::vector<PlannedRender> plan_render(const RenderRequest& request) {
  const synth::Recipe& recipe = request.recipe;
  const bool footage = !request.sources.empty();
  if (!footage && recipe.scenes.empty()) {
    fail_usage("the recipe names no scenes; give clean videos or folders with --source");
  }
  if (footage && recipe.extra_layers.has(Layer::kFlow)) {
    fail_usage("the recipe asks for the layer flow, which only built-in scenes have");
  }
  if (footage && recipe.extra_layers.has(Layer::kDepth) && request.depth.empty()) {
    fail_usage("the recipe asks for the layer depth: give your maps with --depth DIR");
  }
  refuse_equal_names(request.sources);
  std::vector<PlannedRender> plans = plan_whole(request);
  refuse_equal_clips(plans);
  refuse_impossible_rain(recipe, plans);
  const int clips = plans.back().number + 1;
  std::erase_if(plans, [&](const PlannedRender& plan) {
    return plan.number % request.shards != request.shard;
  });
  if (plans.empty()) {
    fail_usage("--shard ", request.shard, "/", request.shards, ": the set has only ",
               counted(clips, "clip"), ", none for this shard; use at most ", clips, " of them");
  }
  return plans;
}

std::uint64_t planned_frames(const std::vector<PlannedRender>& plans) {
  std::uint64_t frames = 0;
  for (const PlannedRender& plan : plans) frames += static_cast<std::uint64_t>(plan.frames);
  return frames;
}

std::uint64_t raw_bytes(const synth::Recipe& recipe, const std::vector<PlannedRender>& plans) {
  LayerSet layers = recipe.extra_layers;
  for (const Layer layer : {Layer::kLq, Layer::kGt, Layer::kStreak, Layer::kMask, Layer::kDrop}) {
    layers.add(layer);
  }
  if (recipe.formation() == "physical") layers.add(Layer::kStreakRgb);
  std::uint64_t pixel = 0;
  for (const Layer layer : layers.list()) pixel += spec(layer).pixel_bytes();
  std::uint64_t pixels = 0;
  for (const PlannedRender& plan : plans) {
    pixels += static_cast<std::uint64_t>(plan.frames) * static_cast<std::uint64_t>(plan.height) *
              static_cast<std::uint64_t>(plan.width);
  }
  return pixel * pixels;
}

}  // namespace pluvia
