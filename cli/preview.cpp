// SPDX-License-Identifier: Apache-2.0
#include "datasets/preview/preview.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/error.h"
#include "core/json.h"
#include "core/progress.h"

namespace pluvia::cli {

Run setup_preview(CLI::App& app, const Globals& globals) {
  struct Options {
    std::string set;
    std::string out;
    PreviewOptions preview;
  };
  auto options = std::make_shared<Options>();
  app.add_option("SET", options->set, "a Pluvia set (.h5)")->required();
  app.add_option("-o,--out", options->out,
                 "contact sheet (.png), self-contained page (.html) or video of all layers (.mp4)")
      ->required();
  app.add_option("--clips,--clip", options->preview.clips,
                 "ids of the clips to show (default: some, spread over the set)")
      ->delimiter(',');
  app.add_option("--count", options->preview.max_clips,
                 "clips shown when --clips is absent (default 12)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--frames", options->preview.frames, "frames per clip in the page (default 5)")
      ->check(CLI::Range(1, 1000));
  app.add_option("--width", options->preview.width, "width of one picture in pixels (default 320)")
      ->check(CLI::Range(16, 4096));
  app.add_flag("--force", options->preview.force, "replace an existing --out");
  return [options, &globals] {
    write_preview(options->set, options->out, options->preview);
    note(cat("preview: ", options->out));
    if (globals.json) print_line(Json{{"out", options->out}}.dump());
    return 0;
  };
}

}  // namespace pluvia::cli
