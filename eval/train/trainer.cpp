// SPDX-License-Identifier: Apache-2.0
#include "eval/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "core/file.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/tensor_file/npz.h"
#include "core/text.h"
#include "eval/train/checkpoint.h"
#include "eval/train/loader.h"
#include "eval/train/run_folder.h"
#include "eval/train/train_log.h"
#include "eval/train/validation.h"
#include "models/torch_module.h"

namespace pluvia {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kLogEvery = 10;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::unique_ptr<TrainingSource> open_source(const TrainRequest& request) {
  const Params& run = request.schedule.run;
  const auto side = static_cast<int>(run.integer("crop_px"));
  const SampleShape shape = {static_cast<int>(run.integer("frames")), side, side};
  const LayerSet layers = request.schedule.needs();
  if (is_set_file(request.data)) {
    return open_set_source(request.data, request.split, layers, shape,
                           [&](Layer layer) { return request.schedule.users_of(layer); });
  }
  return open_recipe_source(request.data, request.data_overrides, layers, shape);
}

class TrainingRun {
 public:
  explicit TrainingRun(const TrainRequest& request)
      : request_(request),
        run_(request.schedule.run),
        source_(open_source(request)),
        training_(torch_module().make_training(request.network, request.schedule)),
        settings_(settings_of(request, *source_, *training_)),
        checkpoints_(request.out) {
    check_crop(training_->method().info(), request.schedule);
    check_frames();
    if (!request.init.empty()) training_->init(read_weights(request.init), request.init);
    for (const auto& [part, file] : request.init_parts) {
      training_->init_part(part, read_weights(file), file);
    }
    folder_.emplace(request, settings_);
    checkpoints_.remove_leftovers();
    go_on();
    log_.emplace(request.out, done_, validated_);
  }

  TrainOutcome all() {
    note(source_->describe());
    for (const std::string& line : training_->notes()) warn(line);
    for (const std::string& part : missing_parts()) {
      warn(cat(part, " begins with random values; schedule ", request_.schedule.name,
               " begins with its published weights: --init-part ", part, "=FILE"));
    }
    const std::int64_t total = run_.integer("iterations");
    Loader loader(*source_, loader_options(total));
    Progress progress("training " + request_.network.name, static_cast<std::uint64_t>(total),
                      "iterations");
    progress.skip(static_cast<std::uint64_t>(done_));
    start_ = Clock::now();
    try {
      while (true) {
        if (validation_is_due(total)) validate();
        if (done_ > 0 && (done_ % run_.integer("save_every") == 0 || done_ == total)) save();
        if (done_ == total) break;
        throw_if_interrupted();
        step(loader);
        progress.add(1, item(loader));
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupt || error.kind() == ErrorKind::kTerminate) save();
      throw;
    }
    folder_->complete();
    TrainOutcome outcome;
    outcome.iterations = done_;
    outcome.loss = recent_loss();
    outcome.best_score = best_score_;
    outcome.seconds = seconds_since(start_);
    outcome.waiting_share = outcome.seconds > 0 ? loader.waited_s() / outcome.seconds : 0;
    return outcome;
  }

 private:
  /// A network that looks at several frames learns nothing from pictures that do not belong
  /// together.
  void check_frames() const {
    const MethodInfo& info = training_->method().info();
    if (!source_->of_pictures() || info.window_frames == 1 || run_.integer("frames") == 1) return;
    fail_usage("frames=", run_.integer("frames"), ": ", request_.data,
               " holds unrelated pictures and ", info.name,
               " looks at several frames; set frames=1");
  }

  /// What the schedule has pretrained and nobody gave.
  std::vector<std::string> missing_parts() const {
    if (!request_.init.empty() || done_ > 0) return {};
    const std::vector<StateEntry> state = training_->describe().state;
    std::vector<std::string> missing;
    for (const std::string& part : request_.schedule.pretrained) {
      const auto given = [&](const auto& one) { return one.first == part; };
      const auto within = [&](const StateEntry& entry) {
        return entry.key.starts_with(part + ".");
      };
      if (std::none_of(request_.init_parts.begin(), request_.init_parts.end(), given) &&
          std::any_of(state.begin(), state.end(), within)) {
        missing.push_back(part);
      }
    }
    return missing;
  }

  void go_on() {
    if (!request_.resume) return;
    const std::optional<Checkpoint> from = checkpoints_.newest();
    if (!from) return;
    const std::vector<std::string> different = different_settings(from->settings, settings_);
    if (!different.empty()) {
      fail("--resume: checkpoint ", from->iteration, " in ", request_.out,
           " is of a run with another ", join(different, ", "), "; take it out of checkpoints/");
    }
    training_->restore(from->state, request_.out);
    done_ = saved_ = first_ = from->iteration;
    validated_ = saved_validated_ = from->validated;
    // A disk that was full, or a kill, may have come between a checkpoint and its weights.
    if (!from->best_score) checkpoints_.publish_weights(from->weights, settings_);
    best_score_ = from->best_score;
    best_iteration_ = from->best_iteration;
    note(cat("going on from iteration ", done_));
  }

  LoaderOptions loader_options(std::int64_t total) const {
    LoaderOptions options;
    options.seed = static_cast<std::uint64_t>(run_.integer("seed"));
    options.first = done_;
    options.end = total;
    options.batch = static_cast<int>(run_.integer("batch"));
    options.crops_per_window = static_cast<int>(run_.integer("crops_per_window"));
    options.augment = request_.schedule.augment;
    options.threads =
        request_.loader_threads > 0 ? request_.loader_threads : std::max(1, thread_count() / 4);
    return options;
  }

  /// Data that cannot be read does not cost the steps that were done.
  TrainingBatch next_batch(Loader& loader) {
    try {
      return loader.next();
    } catch (const Error&) {
      save();
      throw;
    }
  }

  void step(Loader& loader) {
    const TrainingBatch batch = next_batch(loader);
    const TrainingStep result = training_->step(batch);
    if (!result.finite) stop_at(batch, result);
    ++done_;
    recent_.push_back(result.total);
    terms_ = result.losses;
    if (recent_.size() > 50) recent_.erase(recent_.begin());
    if (done_ % kLogEvery != 0 && done_ != 1) return;
    LogValues values = result.losses;
    values.emplace_back("total", result.total);
    values.emplace_back("learning_rate", request_.schedule.rate_at(done_ - 1));
    values.emplace_back("gradient_norm", result.gradient_norm);
    const double seconds = seconds_since(start_);
    values.emplace_back("iterations_per_s", static_cast<double>(done_ - first_) / seconds);
    values.emplace_back("waiting_share", loader.waited_s() / seconds);
    log_->add(done_, "train", values);
  }

  std::string item(const Loader& loader) const {
    char text[96];
    std::snprintf(text, sizeof text, "loss %.4g  rate %.2g  waiting %.0f %%", recent_loss(),
                  request_.schedule.rate_at(done_ - 1),
                  100 * loader.waited_s() / std::max(1e-9, seconds_since(start_)));
    return text + terms();
  }

  /// Of the last step, where there are several.
  std::string terms() const {
    if (terms_.size() < 2) return "";
    std::string all;
    for (const auto& [name, value] : terms_) {
      char number[32];
      std::snprintf(number, sizeof number, " %.3g", value);
      all += "  " + name + number;
    }
    return all;
  }

  double recent_loss() const {
    double sum = 0;
    for (const double value : recent_) sum += value;
    return recent_.empty() ? 0 : sum / static_cast<double>(recent_.size());
  }

  /// Keeps what broke the run.
  [[noreturn]] void stop_at(const TrainingBatch& batch, const TrainingStep& result) {
    NpzArrays arrays;
    for (const auto& [layer, values] : batch.layers) {
      arrays[spec(layer).name] = make_npy(
          "f4", {batch.count, batch.frames, spec(layer).channels, batch.height, batch.width},
          std::span<const float>(values));
    }
    const fs::path file = fs::path(request_.out) / cat("bad_batch_", batch.iteration, ".npz");
    write_npz(file, arrays, NpzPacking::kDeflated);
    std::string terms;
    for (const auto& [name, value] : result.losses) terms += cat(name, "=", value, ", ");
    fail("training at iteration ", batch.iteration, ": loss or gradient is not finite (", terms,
         "gradient norm ", result.gradient_norm, "); the batch is in ", file.string(),
         "; lower the learning rate, or set clip_norm");
  }

  /// A run that was stopped while it validated does so when it is gone on with.
  bool validation_is_due(std::int64_t total) const {
    return !request_.valid.empty() && done_ > validated_ &&
           (done_ % run_.integer("validate_every") == 0 || done_ == total);
  }

  void validate() {
    const Validation result = run_validation(request_, *training_, done_);
    log_->add(done_, "validation", result.means);
    for (const fs::path& picture : result.pictures) {
      log_->picture(done_, "validation/" + picture.stem().string(), picture);
    }
    note(cat("iteration ", done_, ": ", result.summary));
    validated_ = done_;
    if (best_score_ && !result.better_than(*best_score_)) return;
    best_score_ = result.score;
    best_iteration_ = done_;
    checkpoints_.publish_weights(training_->weights(), settings_);
  }

  void save() {
    if (saved_ == done_ && saved_validated_ == validated_) return;
    Checkpoint checkpoint;
    checkpoint.iteration = done_;
    checkpoint.validated = validated_;
    checkpoint.settings = settings_;
    checkpoint.best_score = best_score_;
    checkpoint.best_iteration = best_iteration_;
    checkpoint.weights = training_->weights();
    checkpoint.state = training_->state();
    checkpoints_.save(checkpoint, static_cast<int>(run_.integer("keep")));
    if (!best_score_) checkpoints_.publish_weights(checkpoint.weights, settings_);
    saved_ = done_;
    saved_validated_ = validated_;
  }

  const TrainRequest& request_;
  const Params& run_;
  std::unique_ptr<TrainingSource> source_;
  std::unique_ptr<Training> training_;
  std::string settings_;
  CheckpointFolder checkpoints_;
  std::optional<RunFolder> folder_;
  std::optional<TrainLog> log_;
  std::int64_t done_ = 0;
  std::int64_t validated_ = 0;  ///< iteration of the last validation
  std::int64_t saved_ = 0;
  std::int64_t saved_validated_ = 0;
  std::int64_t first_ = 0;  ///< of this process
  std::optional<double> best_score_;
  std::int64_t best_iteration_ = 0;
  std::vector<double> recent_;
  LogValues terms_;
  Clock::time_point start_;
};

}  // namespace

bool is_set_file(const std::string& data) {
  const std::string ending = lower(fs::path(data).extension().string());
  return ending == ".h5" || ending == ".hdf5";
}

void check_crop(const MethodInfo& info, const Schedule& schedule) {
  const std::int64_t side = schedule.run.integer("crop_px");
  if (side % info.size_multiple == 0 && side >= info.least_size) return;
  fail_usage("crop_px=", side, ": ", info.name, " takes multiples of ", info.size_multiple,
             " from ", std::max(info.least_size, info.size_multiple), " on");
}

void check_train_request(const TrainRequest& request) {
  if (is_set_file(request.data)) {
    if (!request.data_overrides.empty()) {
      fail_usage("--set data.", request.data_overrides.front(), ": ", request.data,
                 " is a set; data.KEY changes a recipe that is rendered as needed");
    }
  } else if (!request.split.empty()) {
    fail_usage("--split ", request.split, ": ", request.data, " is a recipe, which has no splits");
  }
  if (request.valid.empty()) {
    if (request.valid_clips > 0) fail_usage("--valid-clips: there is no --valid SET.h5");
    return;
  }
  check_validation(request);
}

TrainOutcome train(const TrainRequest& request) {
  check_train_request(request);
  return TrainingRun(request).all();
}

}  // namespace pluvia
