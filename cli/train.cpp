// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/method_options.h"
#include "cli/version.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/text.h"
#include "eval/train/overrides.h"
#include "eval/train/trainer.h"
#include "models/any_method.h"
#include "models/nets/nets.h"

namespace pluvia::cli {
namespace {

struct Options {
  TrainRequest request;
  std::string schedule;
  std::vector<std::string> overrides;
  std::vector<std::string> parts;
};

TrainRequest request_of(const Options& options, const Globals& globals) {
  TrainRequest request = options.request;
  require_known_overrides(options.overrides, request.network.name);
  const TrainOverrides overrides = sort_overrides(options.overrides);
  request.data_overrides = overrides.data;
  request.schedule = load_schedule(options.schedule, overrides.schedule);
  request.network.options =
      options_of_training(request.schedule, request.network.name, overrides.network);
  for (const std::string& pair : options.parts) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      fail_usage("--init-part ", pair, ": expected PART=FILE");
    }
    request.init_parts.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  request.network.device = network_device(globals);
  request.generator = cat("pluvia ", kVersion);
  if (!request.protocol.empty() && request.valid.empty()) {
    fail_usage("--protocol ", request.protocol, ": there is no --valid SET.h5 to score by it");
  }
  if (request.protocol.empty()) request.protocol = "vderain-rgb";
  return request;
}

int run(const Options& options, const Globals& globals) {
  const TrainRequest request = request_of(options, globals);
  const TrainOutcome outcome = train(request);
  note(cat(request.out, ": ", counted(outcome.iterations, "iteration"), " in ",
           human_seconds(outcome.seconds), ", ",
           static_cast<int>(100 * outcome.waiting_share + 0.5),
           " % of it waiting for data; weights in ", request.out, "/weights.safetensors"));
  if (globals.json) {
    Json best;
    if (outcome.best_score) best = *outcome.best_score;
    print_line(Json{{"out", request.out},
                    {"iterations", outcome.iterations},
                    {"loss", outcome.loss},
                    {"best_score", best},
                    {"seconds", outcome.seconds},
                    {"waiting_share", outcome.waiting_share}}
                   .dump());
  }
  return 0;
}

std::string network_names() {
  std::vector<std::string> names;
  for (const NetworkEntry& entry : all_networks()) names.emplace_back(entry.name);
  return join(names, ", ");
}

}  // namespace

Run setup_train(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  TrainRequest& request = options->request;
  app.add_option("MODEL", request.network.name, "a network's name")->required();
  app.add_option("DATA,--data", request.data,
                 "a set (.h5), or a recipe: rain rendered as needed; --data or behind MODEL")
      ->required();
  app.add_option("--schedule", options->schedule, "a schedule's name or file")->required();
  app.add_option("-o,--out", request.out, "folder of the run")->required();
  app.add_option("--set", options->overrides,
                 "key=value: of the schedule (iterations, optimizer.learning_rate, "
                 "losses.vgg-perceptual.weights, ...), of the network (or network.key), or "
                 "data.key of the recipe")
      ->take_all();
  app.add_option("--split", request.split,
                 "of the set, or all (default: train where there is one, else all)");
  app.add_option("--init", request.init, "weights to start from");
  app.add_option("--init-part", options->parts,
                 "PART=FILE: weights that a part of the network starts from (spynet=spynet.pth)")
      ->take_all();
  app.add_option("--valid", request.valid, "set to validate on (its test split where it has one)");
  app.add_option("--protocol", request.protocol, "of validation (default vderain-rgb)");
  app.add_option("--valid-clips", request.valid_clips, "only the first N clips")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--loader-threads", request.loader_threads,
                 "threads that read or render crops (default: a quarter of the cores)")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--resume", request.resume, "go on with a run that was stopped");
  app.add_flag("--force", request.force, "begin anew in a folder that holds a run");
  app.footer("Networks: " + network_names() +
             ".\nSchedules that ship: " + manifest_list("schedules") +
             ".\n\nOf a schedule, for --set:\n" + help_of(run_param_table()) +
             "\nwith optimizer. in front:\n" + help_of(optimizer_param_table()) +
             "\nwith learning_rate. in front:\n" + help_of(learning_rate_param_table()));
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
