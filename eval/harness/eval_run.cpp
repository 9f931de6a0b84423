// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/eval_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/text.h"
#include "eval/apply/method_plan.h"
#include "eval/harness/journal.h"
#include "eval/harness/predictions.h"
#include "eval/harness/run_writer.h"
#include "eval/report/tables.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSamplesShown = 4;

/// Raised when the same pictures would score differently than before.
constexpr int kScoringVersion = 4;

/// All that turns equal pictures into equal scores.
std::string scoring_hash(const EvalRequest& request, const ProtocolScorer& scorer) {
  std::string model;
  if (!request.niqe_model.empty()) {
    model = sha256_hex(std::span<const std::byte>(read_bytes(request.niqe_model, 64U << 20)));
  }
  // Frames of protocols that pool errors are kept with those of regions, which earlier builds left
  // out: their cached scores and journals do not do here.
  const bool pools = scorer.protocol().averaging == Averaging::kPooledMse;
  // Nor where they asked of the whole frame whether what counts of it equals its truth.
  const bool cuts = scorer.protocol().crop != Crop::kBorder || scorer.protocol().crop_border_px > 0;
  std::string programs;
  for (const auto& [metric, version] : programs_of(scorer)) programs += "\n" + version;
  return sha256_hex(cat(kScoringVersion, "\n", scorer.protocol().sha256(), "\n", model, programs,
                        pools ? "\nwith errors of regions" : "",
                        cuts ? "\nequal in what counts" : ""));
}

/// A set of unrelated pictures is said to be one: earlier builds averaged it as clips.
std::string settings_hash(const EvalRequest& request, const ProtocolScorer& scorer,
                          const std::vector<ScoredClip>& clips, const ClaimedLayers& layers,
                          const std::string& files, SetUnit unit) {
  // What is saved for a part of the clips alone would look whole.
  const std::string saved =
      request.save.empty() ? "" : "\nsaved in " + fs::absolute(request.save).string();
  return sha256_hex(cat(request.method.description, "\n", scoring_hash(request, scorer), "\n",
                        data_sha256(clips), "\n", request.regions, "\n", layers.names(), "\n",
                        files, unit == SetUnit::kPicture ? "\npictures" : "", saved));
}

/// Before anything is done: what of this set the protocol cannot score.
void require_scorable(const ProtocolScorer& scorer, const std::vector<ScoredClip>& clips,
                      SetUnit unit) {
  const Protocol& protocol = scorer.protocol();
  const bool along_clips = !scorer.clip_keys().empty() || protocol.skip_frames > 0;
  if (unit == SetUnit::kPicture && along_clips) {
    fail_usage("protocol ", protocol.name, " scores along clips",
               scorer.clip_keys().empty() ? "" : " (" + join(scorer.clip_keys(), ", ") + ")",
               "; this set is of unrelated pictures");
  }
  for (const ScoredClip& clip : clips) {
    within("clip " + clip.id, [&] { protocol.require_frames(clip.frames); });
  }
}

fs::path journal_file(const EvalRequest& request) {
  fs::path file = request.out;
  file += ".journal";
  return file;
}

/// Where a finished run keeps its pictures; until then they lie in OUT.journal.pictures, so that a
/// run that fails leaves an earlier one's alone.
fs::path pictures_folder(const EvalRequest& request) {
  fs::path folder = request.out;
  folder.replace_extension(".pictures");
  return folder;
}

fs::path unfinished_pictures(const EvalRequest& request) {
  fs::path folder = journal_file(request);
  folder += ".pictures";
  return folder;
}

/// One run at a time for a record. The file goes with the run.
class RunLock {
 public:
  explicit RunLock(const fs::path& out) : file_(out.string() + ".lock"), lock_(file_) {}
  ~RunLock() {
    std::error_code ignored;
    fs::remove(file_, ignored);
  }
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  fs::path file_;
  LockFile lock_;
};

void warn_of(const CheckedFolder& files, const MethodChoice& method) {
  if (!files.losses.empty()) {
    warn(cat(counted(files.losses.size(), "picture"), " of folder:", method.folder.string(),
             " lost something in reading: ", list_some(files.losses)));
  }
  if (!files.strangers.empty()) {
    warn(cat("folder:", method.folder.string(),
             " has what is no clip of the set: ", list_some(files.strangers)));
  }
}

/// How a method made for clips sees pictures, and the other way round.
void note_of_windows(const MethodInfo& method, const std::vector<ScoredClip>& clips, SetUnit unit) {
  int fewest = clips.front().frames;
  for (const ScoredClip& clip : clips) fewest = std::min(fewest, clip.frames);
  const std::string line = window_note(method, unit == SetUnit::kPicture ? 1 : fewest);
  if (!line.empty()) note(line);
}

void refuse_existing(const EvalRequest& request) {
  std::error_code ignored;
  if (fs::is_directory(request.out, ignored)) {
    fail_usage("--out ", request.out.string(), ": it is a folder, expected a file's name");
  }
  if (!fs::exists(request.out, ignored) || request.force || request.resume) return;
  fail_usage(request.out.string(),
             " exists; --resume keeps it if it is this run, --force replaces it");
}

std::string label_of(const EvalRequest& request) {
  return request.label.empty() ? request.method.label : request.label;
}

/// Whether the record is there already and is this very run.
bool is_finished(const EvalRequest& request, const std::string& settings) {
  std::error_code ignored;
  if (fs::exists(request.out, ignored) && !request.force) {
    const RunRecord record = read_run_record(request.out);
    if (record.settings_sha256 != settings) {
      fail("resuming ", request.out.string(),
           ": it is the record of another method, data set, protocol, selection or --save, or of "
           "predictions that have changed since; name another --out or replace it with --force");
    }
    if (record.label != label_of(request)) {
      fail(
          "resuming ", request.out.string(), ": its method is called '", record.label, "', here '",
          label_of(request),
          "'; name another --out or replace it with --force (equal pictures are not scored again)");
    }
    return true;
  }
  if (!request.force) check_journal(journal_file(request), settings, request.resume);
  if (!request.resume) fs::remove_all(unfinished_pictures(request), ignored);
  return false;
}

std::vector<std::string> files_of(const RunPicture& picture) {
  std::vector<std::string> files = {picture.rainy, picture.prediction, picture.truth};
  for (const LayerPicture& layer : picture.layers) {
    files.push_back(layer.claimed);
    files.push_back(layer.truth);
  }
  return files;
}

/// Of what frames are judged by: the first metric that scores frames.
bool higher_is_better(const ProtocolScorer& scorer) {
  if (scorer.frame_keys().empty()) return true;
  const auto& metrics = scorer.protocol().metrics;
  return std::find_if(metrics.begin(), metrics.end(),
                      [&](const ProtocolMetric& metric) {
                        return metric.key == scorer.frame_keys().front();
                      })
      ->higher_is_better();
}

/// The worst frames of the run and a few spread over its clips; other kept pictures are deleted.
std::vector<RunPicture> choose_pictures(const EvalRun& run, const std::vector<ClipResult>& results,
                                        bool higher_is_better) {
  std::vector<RunPicture> worst;
  std::vector<RunPicture> samples;
  const std::string folder = pictures_folder(run.request).filename().string();
  for (const ClipResult& result : results) {
    for (const KeptFrame& kept : result.kept) {
      const auto file = [&](const std::string& kind) {
        return folder + "/" + exhibit_name(result.scores.name, kept.frame, kind);
      };
      RunPicture picture{result.scores.name, kept.frame,    kept.role, file("rainy"),
                         file("prediction"), file("truth"), kept.score};
      for (const ScoredLayer* layer : run.layers.scored) {
        const std::string name = spec(layer->layer).name;
        picture.layers.push_back({name, file(name), file(name + "_truth")});
      }
      (kept.role == "worst" ? worst : samples).push_back(picture);
    }
  }
  std::stable_sort(worst.begin(), worst.end(), [&](const RunPicture& a, const RunPicture& b) {
    return higher_is_better ? a.score < b.score : a.score > b.score;
  });
  worst.resize(std::min(worst.size(), WorstScores::kCount));
  std::vector<RunPicture> chosen = worst;
  const std::size_t step = std::max<std::size_t>(1, samples.size() / kSamplesShown);
  for (std::size_t i = 0; i < samples.size() && chosen.size() < worst.size() + kSamplesShown;
       i += step) {
    const bool there = std::any_of(worst.begin(), worst.end(), [&](const RunPicture& one) {
      return one.clip == samples[i].clip && one.frame == samples[i].frame;
    });
    if (!there) chosen.push_back(samples[i]);
  }
  std::set<std::string> keep;
  for (const RunPicture& picture : chosen) {
    for (const std::string& file : files_of(picture)) {
      keep.insert(fs::path(file).filename().string());
    }
  }
  std::vector<fs::path> remove;
  for (const fs::directory_entry& entry : fs::directory_iterator(run.pictures)) {
    if (keep.count(entry.path().filename().string()) == 0) remove.push_back(entry.path());
  }
  for (const fs::path& path : remove) fs::remove(path);
  return chosen;
}

std::string means_text(const RunRecord& record) {
  std::string text;
  for (const ScoreColumn& column : record.columns) {
    const auto found = record.mean.find(column.key);
    const double value = found == record.mean.end() ? std::nan("") : found->second;
    text +=
        cat("  ", column.key, std::string(column.key.size() < 24 ? 24 - column.key.size() : 1, ' '),
            rounded(column, value), column.unit.empty() ? "" : " " + column.unit, "\n");
  }
  return text;
}

std::vector<ClipResult> score_clips(const EvalRun& run, const std::vector<ScoredClip>& clips,
                                    Journal& journal) {
  std::uint64_t frames = 0;
  for (const ScoredClip& clip : clips) frames += static_cast<std::uint64_t>(clip.frames);
  Progress progress("scoring", frames, "frames");
  std::vector<ClipResult> results(clips.size());
  const auto one = [&](std::size_t i) {
    if (const ClipResult* const known = journal.find(clips[i].id)) {
      results[i] = *known;
      for (const KeptFrame& kept : known->kept) {
        if (kept.role == "worst") run.worst.take(kept.score);
      }
      progress.skip(static_cast<std::uint64_t>(clips[i].frames));
      return;
    }
    throw_if_interrupted();
    results[i] = within("clip " + clips[i].id, [&] {
      return score_clip(run, clips[i], [&] { progress.add(1, clips[i].id); });
    });
    journal.add(results[i]);
  };
  if (run.request.method.one_at_a_time) {
    for (std::size_t i = 0; i < clips.size(); ++i) one(i);
  } else {
    parallel_for(static_cast<std::int64_t>(clips.size()), 1,
                 [&](std::int64_t begin, std::int64_t end) {
                   for (std::int64_t i = begin; i < end; ++i) one(static_cast<std::size_t>(i));
                 });
  }
  progress.finish();
  return results;
}

/// Where no clip was scored there is nothing to go on with, and the next run may be another.
std::vector<ClipResult> score_or_clear(const EvalRun& run, const std::vector<ScoredClip>& clips,
                                       Journal& journal) {
  try {
    fs::create_directories(run.pictures);
    return score_clips(run, clips, journal);
  } catch (...) {
    if (journal.empty()) {
      std::error_code ignored;
      fs::remove_all(run.pictures, ignored);
      journal.remove();
    }
    throw;
  }
}

}  // namespace

namespace {

EvalOutcome outcome_of(const fs::path& file) {
  const RunRecord record = read_run_record(file);
  const int frames = record.frames_scored;
  const std::string content = record.of_pictures ? counted(frames, "picture")
                                                 : cat(counted(record.clips.size(), "clip"), ", ",
                                                       counted(frames, "frame"));
  return {content, record.identical_frames, means_text(record), record.json};
}

}  // namespace

EvalOutcome evaluate(const EvalRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  if (!is_valid_utf8(request.label)) fail_usage("--label: expected UTF-8 text");
  const std::shared_ptr<SetReader> set = SetReader::open(request.data);
  const ProtocolScorer scorer(load_protocol(request.protocol), {request.niqe_model});
  const std::vector<ScoredClip> clips = choose_clips(*set, request);
  const ClaimedLayers layers = claimed_layers(request.method, clips);
  const SetUnit unit = set->info().kind == "images" ? SetUnit::kPicture : SetUnit::kClip;
  require_scorable(scorer, clips, unit);
  require_writable_parent(request.out);
  const RunLock lock(request.out);
  refuse_existing(request);
  const CheckedFolder files = check_folder(request.method, set->info(), clips, layers);
  const std::string settings = settings_hash(request, scorer, clips, layers, files.sha256, unit);
  if (is_finished(request, settings)) return outcome_of(request.out);
  warn_of(files, request.method);
  note_of_windows(layers.method, clips, unit);
  for (const auto& [layer, why] : layers.left_out) {
    warn(cat("what ", request.method.label, " claims of layer ", layer, " is not scored: ", why));
  }
  const std::vector<std::string> regions = regions_of(clips, request.regions);
  ScoreCache cache(request.cache ? score_cache_folder() : fs::path(),
                   scoring_hash(request, scorer));
  WorstScores worst(higher_is_better(scorer));
  const EvalRun run{request, *set,   scorer,
                    regions, layers, files.clips,
                    cache,   worst,  unfinished_pictures(request)};
  Journal journal(journal_file(request), settings, request.resume);
  const std::vector<ClipResult> results = score_or_clear(run, clips, journal);

  std::vector<ClipScores> scores;
  for (const ClipResult& result : results) scores.push_back(result.scores);
  Summary summary = summarise(scorer, scores, regions, unit);
  std::vector<const LayerTallies*> tallies;
  for (const ClipResult& result : results) tallies.push_back(&result.layers);
  add_layer_means(layers, tallies, scorer.protocol().identical, unit, summary);
  FinishedRun finished{request, *set,    scorer, regions,  layers,      unit,
                       clips,   results, {},     settings, files.losses};
  finished.pictures = choose_pictures(run, results, higher_is_better(scorer));
  finished.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::string record = json_text(run_record_json(finished, summary)) + "\n";
  fs::remove_all(pictures_folder(request));
  fs::rename(run.pictures, pictures_folder(request));
  write_text(request.out, record);
  journal.remove();
  return outcome_of(request.out);
}

}  // namespace pluvia
