// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/method_options.h"
#include "cli/version.h"
#include "core/error.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/text.h"
#include "eval/experiment/run_experiment.h"

namespace pluvia::cli {
namespace {

struct Options {
  std::string experiment;
  std::string out;
  std::vector<std::string> overrides;
};

int run(const Options& options, const Globals& globals) {
  ReproduceRequest request;
  request.experiment = load_experiment(options.experiment, options.overrides);
  request.out = options.out;
  request.device = network_device(globals);
  request.generator = cat("pluvia ", kVersion);
  const std::string page = reproduce(request);
  if (globals.json) print_line(Json{{"report", page}}.dump());
  note("report: " + page);
  return 0;
}

}  // namespace

Run setup_reproduce(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option("EXPERIMENT", options->experiment, "an experiment's name or file")->required();
  app.add_option("-o,--out", options->out,
                 "folder of everything; run again, it goes on where it stopped")
      ->required();
  app.add_option("--set", options->overrides,
                 "train.KEY=VALUE for every training, sets.NAME.KEY=VALUE for a set's recipe")
      ->take_all();
  app.footer("Experiments that ship: " + manifest_list("experiments") + ".");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
