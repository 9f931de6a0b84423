// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/version.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/text.h"
#include "eval/render/render_set.h"

namespace pluvia::cli {
namespace {

struct Options {
  std::string recipe;
  std::string out;
  std::vector<std::string> sources;
  std::vector<std::string> overrides;
  std::uint64_t seed = 1;
  int clips = 0;
  int frames = 0;
  std::string size;
  std::string shard;
  bool dry_run = false;
  bool resume = false;
  bool force = false;
};

void read_shard(const std::string& text, RenderRequest& request) {
  if (text.empty()) return;
  const std::size_t bar = text.find('/');
  const auto index = parse_int(text.substr(0, bar));
  const auto count = bar == std::string::npos ? std::nullopt : parse_int(text.substr(bar + 1));
  if (!index || !count || *count < 1 || *count > 100000 || *index < 0 || *index >= *count) {
    fail_usage("--shard ", text, ": expected I/N with I from 0 to N-1");
  }
  request.shard = static_cast<int>(*index);
  request.shards = static_cast<int>(*count);
}

RenderRequest request_of(const Options& options, const Globals& globals) {
  const fs::path file = find_manifest("recipes", options.recipe);
  Json json = parse_json(read_text(file), file.string());
  if (options.clips > 0) json["clips"] = options.clips;
  if (options.frames > 0) json["frames"] = options.frames;
  if (!options.size.empty()) json["size"] = options.size;
  for (const std::string& pair : options.overrides) synth::Recipe::apply_override(json, pair);
  RenderRequest request;
  request.recipe = synth::Recipe::parse(json, file.string());
  request.recipe_text = json.dump();
  request.seed = options.seed;
  for (const std::string& source : options.sources) {
    for (const fs::path& path : list_sources(source)) request.sources.push_back(path);
  }
  request.out = options.out;
  request.resume = options.resume;
  request.force = options.force;
  request.threads = globals.threads;
  request.generator = cat("pluvia ", kVersion);
  read_shard(options.shard, request);
  return request;
}

int run(const Options& options, const Globals& globals) {
  if (globals.device != "auto" && globals.device != "cpu") {
    fail("--device ", globals.device, ": rain is rendered on the CPU only in this version");
  }
  const RenderRequest request = request_of(options, globals);
  const std::vector<PlannedRender> plans = plan_render(request);
  const synth::Recipe& recipe = request.recipe;
  const double raw =
      11.0 * recipe.height * recipe.width * recipe.frames * static_cast<double>(plans.size());
  const std::string plan = cat(plans.size(), " clips of ", recipe.frames, " frames, ", recipe.width,
                               "x", recipe.height, ", ", human_bytes(raw), " uncompressed");
  if (options.dry_run) {
    for (const PlannedRender& clip : plans) {
      print_line(
          cat("  ", clip.id, ": ", clip.source, clip.split.empty() ? "" : ", " + clip.split));
    }
    print_line("would render " + plan);
    return 0;
  }
  if (options.out.empty()) fail_usage("synth needs --out SET.h5 (or --dry-run)");
  const std::size_t clips = render_set(request);
  note(cat(options.out, ": ", plan, ", now ",
           human_bytes(static_cast<double>(fs::file_size(options.out)))));
  if (globals.json) print_line(Json{{"out", options.out}, {"clips", clips}}.dump());
  return 0;
}

}  // namespace

Run setup_synth(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option("RECIPE", options->recipe, "a recipe's name or file")->required();
  app.add_option("-o,--out", options->out, "the set to write");
  app.add_option("--source", options->sources,
                 "clean videos or frame folders instead of built-in scenes");
  app.add_option("--seed", options->seed, "another seed gives other clips (default 1)");
  app.add_option("--clips", options->clips, "number of clips")->check(CLI::Range(1, 100000));
  app.add_option("--frames", options->frames, "frames a clip")->check(CLI::Range(1, 100000));
  app.add_option("--size", options->size, "WIDTHxHEIGHT");
  app.add_option("--set", options->overrides,
                 "key=value: override the recipe or its rain; [low,high] draws")
      ->take_all();
  app.add_option("--shard", options->shard, "I/N: only every N-th clip, starting with clip I");
  app.add_flag("--dry-run", options->dry_run, "say what would be rendered, write nothing");
  app.add_flag("--resume", options->resume, "go on with a set that was stopped");
  app.add_flag("--force", options->force, "replace an existing --out when the new one is whole");
  app.footer("Recipes that ship: " + join(manifest_names("recipes"), ", ") + ".");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
