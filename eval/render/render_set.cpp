// SPDX-License-Identifier: Apache-2.0
#include "eval/render/render_set.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/store/set_writer.h"
#include "eval/render/hash_writer.h"
#include "eval/render/render_clip.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

/// Of a file, or of every file in a folder: another size or time of writing is other footage.
Json state_of(const fs::path& source) {
  std::vector<fs::path> files;
  std::error_code code;
  if (fs::is_directory(source, code)) {
    for (const fs::directory_entry& entry : fs::directory_iterator(source, code)) {
      if (entry.is_regular_file(code)) files.push_back(entry.path());
    }
  } else {
    files.push_back(source);
  }
  std::sort(files.begin(), files.end());
  Json state = Json::array();
  for (const fs::path& file : files) {
    const auto written = fs::last_write_time(file, code).time_since_epoch().count();
    state.push_back({file.filename().string(), fs::file_size(file, code), written});
  }
  return state;
}

/// Everything that decides the content: --resume compares its hash.
std::string settings_of(const RenderRequest& request) {
  Json settings;
  settings["recipe"] = parse_json(request.recipe_text, "recipe");
  settings["shard"] = {request.shard, request.shards};
  settings["size_given"] = request.size_given;
  settings["clips_given"] = request.clips_given;
  for (const fs::path& source : request.sources) {
    settings["sources"].push_back({fs::absolute(source).string(), state_of(source)});
  }
  if (!request.depth.empty()) settings["depth"] = fs::absolute(request.depth).string();
  return canonical_text(settings);
}

/// What `regen` needs beside the recipe.
std::string provenance_of(const RenderRequest& request) {
  Json provenance;
  provenance["made_by"] = "synth";
  provenance["seed"] = request.recipe.seed;
  for (const fs::path& source : request.sources) {
    provenance["sources"].push_back(source.filename().string());
  }
  if (request.size_given) provenance["size_given"] = true;
  if (request.clips_given) provenance["clips_given"] = true;
  if (!request.depth.empty()) provenance["depth"] = request.depth.filename().string();
  return provenance.dump();
}

SetOptions set_options(const RenderRequest& request) {
  SetOptions options;
  const synth::Recipe& recipe = request.recipe;
  options.formation = recipe.formation();
  options.title = recipe.title;
  options.recipe = request.recipe_text;
  options.provenance = provenance_of(request);
  options.generator = request.generator;
  options.settings = settings_of(request);
  options.resume = request.resume;
  options.force = request.force;
  options.threads = request.threads;
  return options;
}

}  // namespace

std::size_t render_set(const RenderRequest& request) {
  const std::vector<PlannedRender> plans = plan_render(request);
  SetWriter set(request.out, set_options(request));
  if (set.complete()) return plans.size();
  set.require_space(raw_bytes(request.recipe, plans));
  Progress progress("rendering", planned_frames(plans), "frames");
  for (const PlannedRender& plan : plans) {
    if (set.has_clip(plan.id)) {
      progress.skip(static_cast<std::uint64_t>(plan.frames));
      continue;
    }
    render_clip(
        plan, request, [&](const ClipInfo& info) { return set.begin(info); },
        [&](int done) { progress.add(static_cast<std::uint64_t>(done), plan.id); });
  }
  progress.finish();
  set.commit();
  return plans.size();
}

double estimate_render_s(const RenderRequest& request, const std::vector<PlannedRender>& plans) {
  RenderRequest few = request;
  few.recipe.frames = std::min(request.recipe.frames, thread_count());
  std::map<Layer, std::string> hashes;
  const auto start = std::chrono::steady_clock::now();
  int done = 0;
  render_clip(
      plans.front(), few,
      [&](const ClipInfo& info) { return std::make_unique<HashWriter>(info, hashes); },
      [&](int frames) { done += frames; });
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  const PlannedRender& tried = plans.front();
  const double frame_bytes = static_cast<double>(raw_bytes(request.recipe, {tried})) / tried.frames;
  return spent.count() / std::max(done, 1) / frame_bytes *
         static_cast<double>(raw_bytes(request.recipe, plans));
}

}  // namespace pluvia
