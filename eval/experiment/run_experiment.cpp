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
#include "eval/report/published.h"
#include "eval/report/report.h"
#include "eval/train/overrides.h"
#include "eval/train/run_folder.h"
#include "eval/train/trainer.h"
#include "models/torch_module.h"

namespace pluvia {
namespace {

/// What clean videos and folders of pictures hold, file by file; nothing for no sources.
std::string contents_of(const std::vector<fs::path>& sources) {
  std::vector<fs::path> files;
  for (const fs::path& source : sources) {
    if (!fs::is_directory(source)) {
      files.push_back(source);
      continue;
    }
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::string out;
  for (const fs::path& file : files) out += cat(file.string(), " ", sha256_of_file(file), "\n");
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
    for (const ExperimentCurve& curve : experiment_.curves) {
      check_curve(curve, load_protocol(first_score_of(curve.set).protocol));
    }
    for (const std::string& table : experiment_.tables) load_published(table);
    for (const ExperimentMethod& method : experiment_.methods) {
      if (!method.trained) {
        choose_method(method_request(method));
        continue;
      }
      const TrainRequest wanted = train_request(method, method.training.seeds.front());
      if (is_set_file(wanted.data) && !wanted.data_overrides.empty()) {
        fail_usage(method.label, ": --set data.", wanted.data_overrides.front(), ": ",
                   method.training.data, " is a set; data.KEY changes a recipe");
      }
      const auto training = torch_module().make_training(wanted.network, wanted.schedule);
      check_crop(training->method().info(), wanted.schedule);
      identity_of(method.training);
    }
    require_writable_parent(out_);
    fs::create_directories(out_ / "steps");
  }

  /// What a step finds in its place that was made from other inputs.
  enum class Earlier : std::uint8_t {
    kDiscarded,  ///< goes before the step counts as begun: it could not be told from its own
    kReplaced,   ///< the step itself knows its own
  };

  /// A finished result and what a writer that was stopped keeps beside it.
  static void discard(const fs::path& result) {
    std::error_code ignored;
    std::vector<fs::path> all;
    const std::string name = result.filename().string();
    for (const fs::directory_entry& entry : fs::directory_iterator(result.parent_path(), ignored)) {
      const std::string other = entry.path().filename().string();
      if (other == name || other.starts_with(name + ".")) all.push_back(entry.path());
    }
    for (const fs::path& path : all) fs::remove_all(path);
  }

  void step(const std::string& name, const std::string& inputs, const fs::path& result,
            Earlier earlier, const std::function<void()>& run) {
    const std::string hash = sha256_hex(inputs);
    const fs::path done = out_ / "steps" / (file_name_of(name) + ".done");
    const fs::path begun = out_ / "steps" / (file_name_of(name) + ".begun");
    std::error_code ignored;
    hashes_[name] = hash;
    const auto holds = [&](const fs::path& file) {
      return fs::exists(file, ignored) && read_text(file) == hash;
    };
    if (holds(done) && fs::exists(result, ignored)) {
      note(name + ": done before");
      return;
    }
    fs::remove(done, ignored);
    if (!holds(begun) && earlier == Earlier::kDiscarded) discard(result);
    write_text(begun, hash);
    note(name);
    run();
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
    render.resume = true;
    const std::string inputs = render.recipe_text + contents_of(render.sources);
    step("render " + set.name, inputs, render.out, Earlier::kDiscarded,
         [&] { render_set(render); });
  }

  fs::path training_path(const std::string& label, std::int64_t seed) const {
    return out_ / "training" / (file_name_of(label) + cat("-seed", seed));
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

  /// What of its data decides a training: a step of this experiment, the text of a recipe, or what
  /// the clips of a set from elsewhere hold.
  std::string identity_of(const ExperimentTraining& training) const {
    if (data_of(training.data) != training.data) return hash_of("render " + training.data);
    if (is_set_file(training.data)) {
      std::string clips;
      const std::shared_ptr<SetReader> set = SetReader::open(training.data);
      for (const IndexRow& row : set->info().rows) {
        clips += cat(row.clip.id, " ", row.clip.split, " ", clip_sha256(row.content_sha256), "\n");
      }
      return sha256_hex(clips);
    }
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
    out.network.device = request_.device;
    out.schedule = load_schedule(training.schedule, overrides.schedule);
    out.network.options = options_of_training(out.schedule, method.method, options);
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
    const std::string judged = training.valid.empty() ? std::string()
                                                      : hash_of("render " + training.valid) +
                                                            load_protocol(wanted.protocol).sha256();
    const std::string inputs = cat(method.method, wanted.network.options, wanted.schedule.sha256(),
                                   loss_networks(wanted.schedule).dump(), training.data,
                                   identity_of(training), added, judged);
    const std::string name = cat("train ", method.label, ", seed ", seed);
    wanted.resume = true;
    wanted.force = true;
    step(name, inputs, fs::path(wanted.out) / "weights.safetensors", Earlier::kReplaced,
         [&] { train(wanted); });
  }

  const ExperimentScore& first_score_of(const std::string& set) const {
    return *std::find_if(experiment_.scores.begin(), experiment_.scores.end(),
                         [&](const ExperimentScore& score) { return score.set == set; });
  }

  /// The set's name, and the protocol's where it is not the set's first.
  std::string scored_as(const ExperimentScore& score) const {
    if (&first_score_of(score.set) == &score) return score.set;
    return score.set + "-" + file_name_of(score.protocol);
  }

  fs::path record_path(const ExperimentScore& score, const std::string& label,
                       std::int64_t seed) const {
    return out_ / "runs" / scored_as(score) /
           (file_name_of(label) + (seed < 0 ? "" : cat("-seed", seed)) + ".json");
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
    records_[scored_as(score)].push_back(eval.out);
    const std::string inputs = cat(describe_method(wanted), load_protocol(score.protocol).sha256(),
                                   hash_of("render " + score.set));
    const std::string tail = seed < 0 ? std::string() : cat(", seed ", seed);
    step(cat("score ", method.label, tail, " on ", scored_as(score)), inputs, eval.out,
         Earlier::kDiscarded, [&] {
           eval.method = choose_method(wanted);
           eval.resume = true;
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
