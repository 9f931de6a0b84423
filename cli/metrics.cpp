// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/progress.h"
#include "core/text.h"
#include "eval/protocol/fit_niqe.h"
#include "eval/protocol/result.h"

namespace pluvia::cli {
namespace {

struct Options {
  PairPaths paths;
  std::string protocol = "vderain-rgb";
  std::vector<std::string> require;
  std::string niqe_model;
  std::string fit_niqe;
  std::string out;
  bool all = false;
  bool list = false;
  bool allow_missing = false;
  bool force = false;
};

/// Asked before any scoring, so that no long work is thrown away.
void require_new_out(const Options& options) {
  std::error_code code;
  if (options.out.empty() || options.force || !fs::exists(options.out, code)) return;
  fail_usage(options.out, " exists; --force replaces it");
}

/// A result, which ends with its newline: into --out where that is given, else on standard output.
void deliver(std::string text, const Options& options) {
  if (options.out.empty()) {
    text.pop_back();
    print_line(text);
    return;
  }
  write_text(options.out, text);
  note("result: " + options.out);
}

int list_protocols(const Options& options, const Globals& globals) {
  const std::vector<Protocol> protocols = shipped_protocols();
  if (!globals.json) {
    deliver(protocols_text(protocols), options);
    return 0;
  }
  Json out = Json::array();
  for (const Protocol& protocol : protocols) out.push_back(protocol_json(protocol));
  deliver(out.dump() + "\n", options);
  return 0;
}

int fit(const Options& options, const Globals& globals) {
  if (options.out.empty()) fail_usage("--fit-niqe needs --out FILE.npz");
  const std::size_t blocks = fit_niqe(options.fit_niqe, Color::kY601Rounded, options.out);
  if (globals.json) print_line(Json({{"out", options.out}, {"blocks", blocks}}).dump());
  note(cat(options.out, ": fitted to ", counted(blocks, "block"), ", luma y601-rounded"));
  return 0;
}

std::vector<ProtocolScorer> scorers_of(const Options& options) {
  const ScoringOptions open{options.niqe_model};
  std::vector<ProtocolScorer> scorers;
  if (!options.all) {
    scorers.emplace_back(load_protocol(options.protocol), open);
    return scorers;
  }
  for (Protocol& protocol : shipped_protocols()) {
    const std::string name = protocol.name;
    try {
      scorers.emplace_back(std::move(protocol), open);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUsage) throw;
      note(cat(name, " is left out: ", error.what()));
    }
  }
  return scorers;
}

/// A set knows its own truth: there is nothing to pair it with.
void refuse_sets(const PairPaths& paths) {
  for (const fs::path& path : {paths.reference, paths.prediction}) {
    const std::string ending = lower(path.extension().string());
    if (ending != ".h5" && ending != ".hdf5") continue;
    fail_usage(path.string(),
               " is a set, which metrics does not take; sets are scored by "
               "'pluvia eval METHOD --data ",
               path.string(), " --out RECORD.json'");
  }
}

/// Where no metric looks at a reference, a path alone is the prediction.
PairPaths paths_of(const Options& options, const std::vector<ProtocolScorer>& scorers) {
  PairPaths paths = options.paths;
  if (!paths.prediction.empty()) return paths;
  for (const ProtocolScorer& scorer : scorers) {
    if (!scorer.protocol().needs_reference()) continue;
    fail_usage("metrics needs REFERENCE and PREDICTION: protocol ", scorer.protocol().name,
               " compares the two");
  }
  paths.prediction = paths.reference;
  return paths;
}

std::string compare(const std::vector<ProtocolScorer>& scorers, const ScoredMedia& scored,
                    const Globals& globals) {
  if (!globals.json) return comparison_text(scorers, scored);
  Json list = Json::array();
  for (std::size_t p = 0; p < scorers.size(); ++p)
    list.push_back(result_json(scorers[p], scored, p));
  return Json({{"protocols", std::move(list)}}).dump() + "\n";
}

int run(const Options& options, const Globals& globals) {
  require_new_out(options);
  if (options.list) return list_protocols(options, globals);
  if (!options.fit_niqe.empty()) return fit(options, globals);
  if (options.paths.reference.empty()) {
    fail_usage("metrics needs REFERENCE and PREDICTION (or --list-protocols)");
  }
  refuse_sets(options.paths);
  if (options.all && options.protocol != Options().protocol) {
    fail_usage("--protocol and --all-protocols exclude each other");
  }
  if (options.all && !options.require.empty()) {
    fail_usage("--require goes with one --protocol, not with --all-protocols");
  }
  std::vector<Requirement> requirements;
  for (const std::string& text : options.require) requirements.push_back(parse_requirement(text));
  const std::vector<ProtocolScorer> scorers = scorers_of(options);
  const ScoredMedia scored =
      score_media(paths_of(options, scorers), scorers, options.allow_missing);
  for (const std::string& line : scored.notes) warn(line);
  if (options.all) {
    deliver(compare(scorers, scored, globals), options);
    return 0;
  }
  const ProtocolScorer& scorer = scorers.front();
  const Means means = summarise(scorer, scored.protocols.front().clips, scored.regions).mean;
  check_requirement_keys(requirements, means);
  deliver(globals.json ? result_json(scorer, scored, 0).dump() + "\n" : result_text(scorer, scored),
          options);
  check_requirements(requirements, means);
  return 0;
}

}  // namespace

Run setup_metrics(CLI::App& app, const Globals& globals) {
  auto options = std::make_shared<Options>();
  app.add_option(
      "REFERENCE", options->paths.reference,
      "clean picture, folder, video or .npy (T,3,H,W); left out where the protocol needs "
      "none (real-niqe-...)");
  app.add_option("PREDICTION", options->paths.prediction,
                 "what is scored; pictures of folders are paired by name");
  app.add_option("--protocol", options->protocol, "name or .json file (default: vderain-rgb)");
  app.add_flag("--all-protocols", options->all, "every protocol that ships, side by side");
  app.add_flag("--list-protocols", options->list, "what ships and who uses it");
  app.add_option("--mask", options->paths.mask,
                 "raindrop masks: scores inside, outside, by distance to the rim");
  app.add_option("--streak", options->paths.streak, "streak maps: scores on and off streaks");
  app.add_option(
      "--lq", options->paths.rainy,
      "rainy input; without --mask, scores where |lq - reference| > 3 of 255 in some channel "
      "(changed) and elsewhere (unchanged)");
  app.add_option("--require", options->require,
                 "exit with 1 unless the mean meets it: psnr>=30; may be given several times")
      ->option_text("KEY>=NUMBER")
      ->allow_extra_args(false);
  app.add_option("--niqe-model", options->niqe_model, "NIQE's parameters, .mat or .npz");
  app.add_option("--fit-niqe", options->fit_niqe,
                 "fit NIQE's parameters to a folder of natural pictures, into --out");
  app.add_option("-o,--out", options->out,
                 "file for the result instead of standard output; of --fit-niqe: the .npz file");
  app.add_flag("--force", options->force, "replace an existing --out");
  app.add_flag("--allow-missing", options->allow_missing, "score what is complete");
  return [options, &globals] { return run(*options, globals); };
}

}  // namespace pluvia::cli
