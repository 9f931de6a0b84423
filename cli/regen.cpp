// SPDX-License-Identifier: Apache-2.0
#include "eval/render/regen.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/counted.h"
#include "core/device.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/text.h"

namespace pluvia::cli {
namespace {

struct Options {
  std::string what;
  std::vector<std::string> clips;
  std::vector<std::string> sources;
  std::string depth;
};

Json describe(const RegenClip& clip) {
  Json out{{"id", clip.id}, {"same", clip.different().empty()}};
  for (const auto& [layer, hash] : clip.expected) out["expected"][spec(layer).name] = hash;
  for (const auto& [layer, hash] : clip.found) out["found"][spec(layer).name] = hash;
  return out;
}

/// Sets may have any name: they begin as HDF5 files do.
bool is_set(const fs::path& path) {
  constexpr char kSignature[] = "\x89HDF\r\n\x1a\n";
  char start[sizeof kSignature - 1] = {};
  std::ifstream(path, std::ios::binary).read(start, sizeof start);
  return path.extension() == ".h5" || std::equal(start, start + sizeof start, kSignature);
}

std::vector<RegenClip> regen(const Options& options, const RegenRequest& request) {
  if (is_set(options.what)) return regen_set(options.what, request);
  const fs::path file = find_manifest("recipes", options.what);
  RenderRequest recipe;
  recipe.recipe_text = read_text(file);
  recipe.recipe =
      synth::Recipe::parse(parse_json(recipe.recipe_text, file.string()), file.string());
  recipe.sources = request.sources.empty() ? sources_of(recipe.recipe, file) : request.sources;
  recipe.depth = request.depth;
  return regen_recipe(recipe, request);
}

int run(const Options& options, const Globals& globals) {
  RegenRequest request;
  request.clips = options.clips;
  for (const std::string& source : options.sources) {
    for (const fs::path& path : list_sources(source)) request.sources.push_back(path);
  }
  request.depth = options.depth;
  request.threads = globals.threads;
  // The CPU is the reference; a GPU is used when it is asked for by name.
  request.device = globals.device == "auto" ? "cpu" : parse_device(globals.device).name();
  const std::vector<RegenClip> clips = regen(options, request);
  std::size_t different = 0;
  Json list = Json::array();
  for (const RegenClip& clip : clips) {
    const std::vector<std::string> layers = clip.different();
    different += layers.empty() ? 0 : 1;
    list.push_back(describe(clip));
    if (globals.json) continue;
    print_line(cat(clip.id, ": ",
                   layers.empty() ? "the same content" : "DIFFERENT in " + join(layers, ", ")));
  }
  if (globals.json) {
    print_line(Json{{"ok", different == 0}, {"clips", std::move(list)}}.dump());
  } else {
    print_line(cat(counted(clips.size(), "clip"), " rendered again, ", different, " different"));
  }
  return different == 0 ? 0 : static_cast<int>(ErrorKind::kCheck);
}

}  // namespace

Run setup_regen(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option("SET", options->what, "a rendered set (.h5), or a recipe's name or file")
      ->required();
  app.add_option("--clip,--clips", options->clips, "only these clips")->delimiter(',');
  app.add_option("--source", options->sources, "where the set's clean footage lies");
  app.add_option("--depth", options->depth, "the depth maps it was rendered with");
  app.footer(
      "Renders clips again from what the set says of itself and compares content hashes, layer by\n"
      "layer; exit status 1 when any differs. A recipe is rendered twice, by all threads and by "
      "one.\nThe CPU does it, unless --device names a GPU.");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
