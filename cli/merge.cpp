// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/merge.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/progress.h"

namespace pluvia::cli {

Run setup_merge(CLI::App& app, const Globals& globals) {
  struct Options {
    std::vector<std::string> shards;
    std::string out;
    MergeOptions merge;
  };
  auto options = std::make_shared<Options>();
  app.add_option("SHARD", options->shards, "sets of one kind and formation that share no clip")
      ->required();
  app.add_option("-o,--out", options->out, "the merged set")->required();
  app.add_flag("--link", options->merge.link,
               "write an index of links to the shards, which must lie in the same folder, instead "
               "of a copy");
  app.add_flag("--force", options->merge.force,
               "replace an existing --out when the new one is whole");
  return [options, &globals] {
    const std::vector<std::filesystem::path> shards(options->shards.begin(), options->shards.end());
    const std::size_t clips = merge_sets(shards, options->out, options->merge);
    note(cat(options->out, ": ", counted(clips, "clip"), " from ", counted(shards.size(), "file")));
    if (globals.json) {
      Json out;
      out["out"] = options->out;
      out["clips"] = clips;
      out["shards"] = options->shards;
      print_line(out.dump());
    }
    return 0;
  };
}

}  // namespace pluvia::cli
