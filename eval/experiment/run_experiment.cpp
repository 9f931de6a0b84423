// SPDX-License-Identifier: Apache-2.0
#include "eval/experiment/run_experiment.h"

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/store/set_reader.h"
#include "eval/experiment/curves.h"
#include "eval/harness/eval_run.h"
#include "eval/protocol/protocol.h"
#include "eval/render/render_set.h"
#include "eval/report/report.h"
#include "eval/train/overrides.h"
#include "eval/train/trainer.h"
#include "models/nets/nets.h"

namespace pluvia {
namespace {

/// File names from labels.
std::string file_name(const std::string& label) {
  std::string out;
  for (const char c : label) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.';
    out += plain ? c : '_';
  }
  return out;
}

class ExperimentRun {
 public:
  explicit ExperimentRun(const ReproduceRequest& request)
      : request_(request), experiment_(request.experiment), out_(request.out) {}

  std::string all() {
    check();
    for (const ExperimentSet& set : experiment_.sets) render(set);
    for (const ExperimentMethod& method : experiment_.methods) {
      if (!method.trained) continue;
      for (const std::int64_t seed : method.training.seeds) train_one(method, seed);
    }
    for (const ExperimentScore& score : experiment_.scores) {
      for (const ExperimentMethod& method : experiment_.methods) evaluate_all(score, method);
    }
    return report();
  }

 private:
  /// What can be known to be wrong before the first step: names, options and places.
  void check() const {
    for (const ExperimentSet& set : experiment_.sets) render_request(set);
    for (const ExperimentScore& score : experiment_.scores) load_protocol(score.protocol);
    for (const ExperimentMethod& method : experiment_.methods) {
      if (!method.trained) {
        choose_method(method_request(method));
        continue;
      }
      make_network(train_request(method, method.training.seeds.front()).network);
      identity_of(method.training);
    }
    require_writable_parent(out_);
    fs::create_directories(out_ / "steps");
  }

  /// `redo` is false when an unfinished step of the same inputs may be gone on with.
  void step(const std::string& name, const std::string& inputs, const fs::path& result,
            const std::function<void(bool redo)>& run) {
    const std::string hash = sha256_hex(inputs);
    const fs::path done = out_ / "steps" / (file_name(name) + ".done");
    const fs::path begun = out_ / "steps" / (file_name(name) + ".begun");
    std::error_code ignored;
    hashes_[name] = hash;
    const auto holds = [&](const fs::path& file) {
      return fs::exists(file, ignored) && read_text(file) == hash;
    };
    if (holds(done) && fs::exists(result, ignored)) {
      note(name + ": done before");
      return;
    }
    const bool redo = !holds(begun);
    fs::remove(done, ignored);
    write_text(begun, hash);
    note(name);
    run(redo);
    write_text(done, hash);
  }

  fs::path set_path(const std::string& name) const { return out_ / "sets" / (name + ".h5"); }

  RenderRequest render_request(const ExperimentSet& set) const {
    const fs::path file = find_manifest("recipes", set.recipe);
    Json json = parse_json(read_text(file), file.string());
    for (const std::string& pair : set.overrides) synth::Recipe::apply_override(json, pair);
    RenderRequest render;
    render.recipe = synth::Recipe::parse(json, file.string());
    render.recipe_text = json.dump();
    for (const std::string& source : render.recipe.sources) {
      for (const fs::path& path : list_sources(file.parent_path() / source)) {
        render.sources.push_back(path);
      }
    }
    render.out = set_path(set.name);
    render.device = request_.device;
    render.generator = request_.generator;
    return render;
  }

  void render(const ExperimentSet& set) {
    RenderRequest render = render_request(set);
    fs::create_directories(render.out.parent_path());
    step("render " + set.name, render.recipe_text, render.out, [&](bool redo) {
      render.force = redo;
      render.resume = !redo;
      render_set(render);
    });
  }

  fs::path training_path(const std::string& label, std::int64_t seed) const {
    return out_ / "training" / (file_name(label) + cat("-seed", seed));
  }

  /// A set of the experiment by its name, or something outside of it.
  std::string data_of(const std::string& name) const {
    for (const ExperimentSet& set : experiment_.sets) {
      if (set.name == name) return set_path(name).string();
    }
    return name;
  }
  std::string hash_of(const std::string& step_name) const {
    const auto found = hashes_.find(step_name);
    return found == hashes_.end() ? "" : found->second;
  }

  /// What of its data decides a training: a step of this experiment, or the text of a recipe. Of a
  /// set from elsewhere its path has to do.
  std::string identity_of(const ExperimentTraining& training) const {
    if (data_of(training.data) != training.data) return hash_of("render " + training.data);
    if (is_set_file(training.data)) return "";
    return sha256_hex(read_text(find_manifest("recipes", training.data)));
  }

  TrainRequest train_request(const ExperimentMethod& method, std::int64_t seed) const {
    const ExperimentTraining& training = method.training;
    require_known_overrides(training.overrides, method.method);
    TrainOverrides overrides = sort_overrides(training.overrides);
    overrides.schedule.push_back(cat("seed=", seed));
    TrainRequest out;
    out.network.name = method.method;
    std::vector<std::string> options = method.options;
    options.insert(options.end(), overrides.network.begin(), overrides.network.end());
    out.network.options = options_json(options);
    out.network.device = request_.device;
    out.schedule = load_schedule(training.schedule, overrides.schedule);
    out.data = data_of(training.data);
    out.data_overrides = overrides.data;
    if (!training.valid.empty()) out.valid = set_path(training.valid).string();
    out.protocol = experiment_.scores.front().protocol;
    out.out = training_path(method.label, seed).string();
    out.generator = request_.generator;
    return out;
  }

  void train_one(const ExperimentMethod& method, std::int64_t seed) {
    const ExperimentTraining& training = method.training;
    TrainRequest wanted = train_request(method, seed);
    const std::string added = join(wanted.data_overrides, ",");
    const std::string inputs =
        cat(method.method, wanted.network.options, wanted.schedule.sha256(), training.data,
            identity_of(training), added, hash_of("render " + training.valid));
    const std::string name = cat("train ", method.label, ", seed ", seed);
    step(name, inputs, fs::path(wanted.out) / "weights.safetensors", [&](bool redo) {
      wanted.force = redo;
      wanted.resume = !redo;
      train(wanted);
    });
  }

  fs::path record_path(const ExperimentScore& score, const std::string& label,
                       std::int64_t seed) const {
    return out_ / "runs" / file_name(score.set) /
           (file_name(label) + (seed < 0 ? "" : cat("-seed", seed)) + ".json");
  }

  void evaluate_all(const ExperimentScore& score, const ExperimentMethod& method) {
    std::vector<std::int64_t> seeds = {-1};
    if (method.trained) seeds = method.training.seeds;
    for (const std::int64_t seed : seeds) evaluate_one(score, method, seed);
  }

  /// Without weights where it is still to be trained.
  MethodRequest method_request(const ExperimentMethod& method) const {
    MethodRequest wanted;
    wanted.name = method.method;
    wanted.weights = method.weights;
    if (!method.trained) wanted.options = method.options;
    wanted.device = request_.device;
    return wanted;
  }

  void evaluate_one(const ExperimentScore& score, const ExperimentMethod& method,
                    std::int64_t seed) {
    MethodRequest wanted = method_request(method);
    if (seed >= 0) {
      wanted.weights = (training_path(method.label, seed) / "weights.safetensors").string();
    }
    EvalRequest eval;
    eval.data = set_path(score.set);
    eval.protocol = score.protocol;
    eval.label = method.label;
    eval.out = record_path(score, method.label, seed);
    eval.generator = request_.generator;
    fs::create_directories(eval.out.parent_path());
    records_[score.set].push_back(eval.out);
    const std::string inputs = cat(describe_method(wanted), load_protocol(score.protocol).sha256(),
                                   hash_of("render " + score.set));
    const std::string tail = seed < 0 ? std::string() : cat(", seed ", seed);
    step(cat("score ", method.label, tail, " on ", score.set), inputs, eval.out, [&](bool redo) {
      eval.method = choose_method(wanted);
      eval.force = redo;
      eval.resume = !redo;
      evaluate(eval);
    });
  }

  std::string report() {
    ReportRequest report;
    report.runs = records_[experiment_.scores.front().set];
    report.out = out_ / "report";
    report.tables = experiment_.tables;
    report.against = experiment_.against;
    if (!experiment_.title.empty()) report.title = experiment_.title;
    report.force = true;
    for (const ExperimentCurve& curve : experiment_.curves) {
      std::vector<RunRecord> runs;
      for (const fs::path& file : records_[curve.set]) runs.push_back(read_run_record(file));
      report.sweeps.push_back(
          curve_plot(curve, clip_values(set_path(curve.set).string(), curve.x), runs));
    }
    std::map<std::string, std::string> trainings;
    for (const ExperimentMethod& method : experiment_.methods) {
      if (!method.trained) continue;
      trainings[method.label] = training_path(method.label, method.training.seeds.front()).string();
    }
    report.training = training_plots(trainings);
    return write_report(report).string();
  }

  const ReproduceRequest& request_;
  const Experiment& experiment_;
  fs::path out_;
  std::map<std::string, std::string> hashes_;
  std::map<std::string, std::vector<fs::path>> records_;
};

}  // namespace

std::string reproduce(const ReproduceRequest& request) { return ExperimentRun(request).all(); }

}  // namespace pluvia
