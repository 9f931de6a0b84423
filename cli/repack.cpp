// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/repack.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/choice.h"
#include "cli/command.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/progress.h"
#include "core/text.h"

namespace pluvia::cli {

Run setup_repack(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string in;
    std::string out;
    std::string storage = "default";
    RepackOptions repack;
  };
  auto options = std::make_shared<Options>();
  app.add_option("SET", options->in, "the set (.h5)")->required();
  app.add_option("-o,--out", options->out, "the set to write")->required();
  app.add_option("--storage", options->storage, "how to store it (default: default)")
      ->check(one_of(storage_names()));
  app.add_flag("--resume", options->repack.resume, "go on with one that was stopped");
  app.add_flag("--force", options->repack.force,
               "replace an existing --out when the new one is whole");
  app.footer(
      "Content hashes stay. default: tiles, gzip 1, for training and exchange. fast: as it is, in\n"
      "one piece, for training from a local disk. small: gzip 9, and of frames that follow from\n"
      "other layers (lq of a rendered set, frames with drops) the difference alone, as\n"
      "<layer>_residual: for keeping and sending. h5py opens all three without a plug-in;\n"
      "docs/format.md says how a residual becomes its layer.");
  return [options, &globals] {
    options->repack.storage = storage_by_name(options->storage);
    options->repack.threads = globals.threads;
    const RepackResult done = repack_set(options->in, options->out, options->repack);
    const auto size = [](std::uint64_t bytes) { return human_bytes(static_cast<double>(bytes)); };
    note(cat(options->out, ": ", counted(done.clips, "clip"), ", ", size(done.bytes), " (was ",
             size(done.bytes_before), ", uncompressed ", size(done.raw_bytes), ")"));
    if (globals.json) {
      print_line(Json{{"out", options->out},
                      {"storage", options->storage},
                      {"clips", done.clips},
                      {"bytes", done.bytes},
                      {"bytes_before", done.bytes_before},
                      {"raw_bytes", done.raw_bytes}}
                     .dump());
    }
    return 0;
  };
}

}  // namespace pluvia::cli
