// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/method_options.h"
#include "cli/version.h"
#include "core/error.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/text.h"
#include "eval/harness/eval_run.h"

namespace pluvia::cli {
namespace {

struct Options {
  MethodRequest method;
  EvalRequest request;
  bool no_regions = false;
  bool no_cache = false;
};

int run(const Options& options, const Globals& globals) {
  EvalRequest request = options.request;
  request.method = choose_method(with_device(options.method, globals));
  request.regions = !options.no_regions;
  request.cache = !options.no_cache;
  request.generator = cat("pluvia ", kVersion);
  const EvalOutcome outcome = evaluate(request);
  if (globals.json) {
    print_line(outcome.json);
    return 0;
  }
  const std::string label = request.label.empty() ? request.method.label : request.label;
  print_line(cat(label, " on ", request.data.string(), ", protocol ", request.protocol, ": ",
                 outcome.content,
                 outcome.identical > 0 ? cat(", ", outcome.identical, " equal to the truth") : ""));
  std::string table = outcome.table;
  if (!table.empty()) table.pop_back();
  print_line(table);
  note("record: " + request.out.string());
  return 0;
}

}  // namespace

Run setup_eval(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  EvalRequest& request = options->request;
  request.protocol = "vderain-rgb";
  app.add_option(
         "METHOD", options->method.name,
         "a method's or network's name, folder:DIR, torchscript:FILE, or cmd:\"program {in} "
         "{out}\"")
      ->required();
  add_method_options(app, options->method);
  app.add_option("SET,--data", request.data, "the set (.h5); --data or behind METHOD")->required();
  app.add_option("--protocol", request.protocol, "a protocol's name or file (default vderain-rgb)");
  app.add_option("-o,--out", request.out, "the run record (.json)")->required();
  app.add_option("--split", request.split,
                 "of the set, or all (default: test where there is one, else all)");
  app.add_option("--clips,--clip", request.clips, "only these clips")->delimiter(',');
  app.add_option("--frames", request.frames, "only the first N frames of each clip")
      ->check(CLI::Range(1, 1000000));
  app.add_option("--save", request.save,
                 "write every prediction: DIR/<clip>/<frame>.png; layers in sub-folders");
  app.add_option("--label", request.label, "what tables call the method");
  app.add_option("--niqe-model", request.niqe_model, "parameters of NIQE (.mat, .npz)");
  app.add_flag("--no-regions", options->no_regions, "whole frames only, no regions");
  app.add_flag("--no-cache", options->no_cache, "neither read nor keep scores of equal frames");
  app.add_flag("--resume", request.resume, "go on with a run that was stopped");
  app.add_flag("--force", request.force, "replace an existing record");
  app.footer(
      "Methods: " + join(method_names(), ", ") + ".\nProtocols: " + manifest_list("protocols") +
      ".\n`pluvia metrics --list-protocols` says what each is and who uses it.\n"
      "Regions: inside and outside the raindrop mask, by distance to a drop's rim, on and off "
      "streaks;\nof a set without mask changed (|lq - gt| > 3 of 255 in some channel) and "
      "unchanged.");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
