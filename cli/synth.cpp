// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/choice.h"
#include "cli/command.h"
#include "cli/shard.h"
#include "cli/version.h"
#include "core/counted.h"
#include "core/device.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/store/set_reader.h"
#include "eval/render/render_set.h"
#include "synth/footage_camera.h"
#include "synth/rain_params.h"

namespace pluvia::cli {
namespace {

struct Options {
  std::string recipe;
  std::string out;
  std::vector<std::string> sources;
  std::string depth;
  std::vector<std::string> overrides;
  std::int64_t seed = -1;
  int clips = 0;
  int frames = 0;
  std::string size;
  std::string shard;
  bool dry_run = false;
  bool resume = false;
  bool force = false;
};

/// Every shard its own file: "{shard}" in a path is its index.
fs::path out_of(const Options& options, const Shard& shard) {
  constexpr std::string_view kPlace = "{shard}";
  std::string path = options.out;
  if (options.shard.empty()) return path;
  for (std::size_t at = 0; (at = path.find(kPlace, at)) != std::string::npos;) {
    path.replace(at, kPlace.size(), cat(shard.index));
  }
  return path;
}

/// A recipe may have a camera for footage that comes later; who asks for one means it.
void refuse_camera(const Options& options) {
  for (const std::string& pair : options.overrides) {
    if (pair.rfind("camera.", 0) == 0) {
      fail_usage("--set ", pair, " goes with --source: built-in scenes have cameras of their own");
    }
  }
}

void read_sources(const Options& options, const fs::path& recipe_file, RenderRequest& request) {
  if (options.sources.empty()) request.sources = sources_of(request.recipe, recipe_file);
  for (const std::string& source : options.sources) {
    for (const fs::path& path : list_sources(source)) request.sources.push_back(path);
  }
  if (request.sources.empty()) refuse_camera(options);
  request.depth = options.depth;
  if (!options.depth.empty() && request.sources.empty()) {
    fail_usage("--depth goes with --source: built-in scenes know their depth");
  }
}

RenderRequest request_of(const Options& options, const Globals& globals) {
  const fs::path file = find_manifest("recipes", options.recipe);
  Json json = parse_json(read_text(file), file.string());
  synth::Recipe::parse(json, file.string());
  if (options.clips > 0) json["clips"] = options.clips;
  if (options.frames > 0) json["frames"] = options.frames;
  if (options.seed >= 0) json["seed"] = static_cast<std::uint64_t>(options.seed);
  if (!options.size.empty()) json["size"] = options.size;
  for (const std::string& pair : options.overrides) synth::Recipe::apply_override(json, pair);
  RenderRequest request;
  request.recipe = synth::Recipe::parse(json, file.string());
  request.recipe_text = json.dump();
  read_sources(options, file, request);
  request.clips_given = options.clips > 0;
  request.size_given = !options.size.empty();
  const Shard shard = read_shard(options.shard);
  request.shard = shard.index;
  request.shards = shard.count;
  request.out = out_of(options, shard);
  request.resume = options.resume;
  request.force = options.force;
  request.threads = globals.threads;
  request.device = parse_device(globals.device).name();
  request.generator = cat("pluvia ", kVersion);
  return request;
}

/// Footage keeps its own sizes, unless --size says otherwise, and may be shorter than asked for.
std::string describe(const RenderRequest& request, const std::vector<PlannedRender>& plans) {
  const PlannedRender& first = plans.front();
  const bool one_size = std::all_of(plans.begin(), plans.end(), [&](const PlannedRender& plan) {
    return plan.height == first.height && plan.width == first.width;
  });
  return cat(counted(plans.size(), "clip"), request.sources.empty() ? " of " : " of at most ",
             counted(request.recipe.frames, "frame"), ", ",
             one_size ? cat(first.width, "x", first.height) : "the sources' sizes", ", ",
             human_bytes(static_cast<double>(raw_bytes(request.recipe, plans))), " uncompressed");
}

/// A set as it became.
std::string describe_written(const std::string& path, const RenderRequest& request) {
  const auto set = SetReader::open(path);
  std::size_t clips = 0;
  std::uint64_t frames = 0;
  bool all_whole = true;
  for (const IndexRow& row : set->info().rows) {
    ++clips;
    frames += static_cast<std::uint64_t>(row.clip.frames);
    all_whole = all_whole && row.clip.frames == request.recipe.frames;
  }
  const std::string length = all_whole ? " of " + counted(request.recipe.frames, "frame")
                                       : cat(", ", counted(frames, "frame"), " in all");
  const bool one_size = request.sources.empty() || request.size_given;
  const std::string size =
      one_size ? cat(request.recipe.width, "x", request.recipe.height, ", ") : "";
  return cat(counted(clips, "clip"), length, ", ", size,
             human_bytes(static_cast<double>(fs::file_size(path))));
}

/// What a reader of a plan wants to know of a clip's rain.
std::string describe(const RenderRequest& request, const PlannedRender& clip) {
  const Params rain = request.recipe.rain_of(static_cast<std::uint32_t>(clip.number), clip.variant);
  const auto rounded = [](double value) { return to_text(std::round(value * 10) / 10); };
  return cat("  ", clip.id, ": ", clip.source, clip.split.empty() ? "" : ", " + clip.split, ", ",
             rounded(rain.number("rain_mm_h")), " mm/h, ",
             rain.flag("drops_on") ? std::to_string(rain.integer("drops")) : "no", " drops");
}

int dry_run(const RenderRequest& request, const std::vector<PlannedRender>& plans,
            const Globals& globals) {
  const double seconds = estimate_render_s(request, plans);
  if (globals.json) {
    Json out{{"clips", Json::array()},
             {"frames", request.recipe.frames},
             {"bytes", raw_bytes(request.recipe, plans)},
             {"estimated_s", seconds}};
    for (const PlannedRender& clip : plans) {
      const Params rain =
          request.recipe.rain_of(static_cast<std::uint32_t>(clip.number), clip.variant);
      out["clips"].push_back({{"id", clip.id},
                              {"split", clip.split},
                              {"source", clip.source},
                              {"width", clip.width},
                              {"height", clip.height},
                              {"rain", rain.to_json()}});
    }
    print_line(out.dump());
    return 0;
  }
  for (const PlannedRender& clip : plans) print_line(describe(request, clip));
  print_line(
      cat("would render ", describe(request, plans), ", about ", human_seconds(seconds), " here"));
  return 0;
}

int run(const Options& options, const Globals& globals) {
  const RenderRequest request = request_of(options, globals);
  const std::vector<PlannedRender> plans = plan_render(request);
  if (options.dry_run) return dry_run(request, plans, globals);
  if (options.out.empty()) fail_usage("synth needs --out SET.h5 (or --dry-run)");
  const std::size_t clips = render_set(request);
  const std::string out = request.out.string();
  note(cat(out, ": ", describe_written(out, request)));
  if (globals.json) print_line(Json{{"out", out}, {"clips", clips}}.dump());
  return 0;
}

}  // namespace

Run setup_synth(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option("RECIPE", options->recipe, "a recipe's name or file")->required();
  app.add_option("-o,--out", options->out, "the set to write");
  app.add_option("--source", options->sources,
                 "clean videos or frame folders instead of built-in scenes");
  app.add_option("--depth", options->depth,
                 "folder of depth maps for the sources: <clip>/<frame>.png (16 bits, metres x 256) "
                 "or .npy, or <clip>.npy");
  app.add_option("--seed", options->seed, "another seed gives other clips (default: the recipe's)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 62));
  app.add_option("--clips", options->clips, "number of clips")->check(CLI::Range(1, 100000));
  app.add_option("--frames", options->frames, "frames a clip")->check(CLI::Range(1, 100000));
  app.add_option("--size", options->size, "WIDTHxHEIGHT")->check(a_size());
  app.add_option("--set", options->overrides,
                 "key=value: override the recipe or its rain; [low,high] draws")
      ->take_all();
  app.add_option(
      "--shard", options->shard,
      "I/N: only every N-th clip, starting with clip I; auto: I and N from SLURM, MPI or "
      "(auto/N) Kubernetes; {shard} in --out is I");
  app.add_flag("--dry-run", options->dry_run, "say what would be rendered, write nothing");
  app.add_flag("--resume", options->resume, "go on with a set that was stopped");
  app.add_flag("--force", options->force, "replace an existing --out when the new one is whole");
  app.footer(
      "Recipes that ship: " + manifest_list("recipes") +
      ".\n\nRain, for --set (defaults are the physical look's; a recipe has its own):\n" +
      help_of(synth::rain_param_table()) + "\nCamera of footage, for --set camera.NAME=VALUE:\n" +
      help_of(synth::footage_camera_table()) +
      "\nA value may be [low,high], {\"log_uniform\":[low,high]}, {\"normal\":[mean,deviation]} or "
      "{\"choice\":[...]}:\nevery clip draws its own.");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
