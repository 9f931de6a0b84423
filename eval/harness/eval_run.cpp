// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/eval_run.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "eval/harness/predictions.h"
#include "eval/harness/run_writer.h"
#include "eval/report/tables.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kWorstShown = 4;
constexpr std::size_t kSamplesShown = 4;

/// Lines of JSON: the settings' hash, then one per finished clip.
class Journal {
 public:
  Journal(fs::path file, std::string settings, bool resume)
      : file_(std::move(file)), settings_(std::move(settings)) {
    std::error_code ignored;
    if (resume && fs::exists(file_, ignored)) {
      load();
      return;
    }
    fs::remove(file_, ignored);
    append_line(file_, settings_);
  }

  const ClipResult* find(const std::string& clip) const {
    const auto at = done_.find(clip);
    return at == done_.end() ? nullptr : &at->second;
  }

  void add(const ClipResult& result) {
    const std::scoped_lock lock(mutex_);
    append_line(file_, clip_result_json(result).dump());
  }

  void remove() {
    std::error_code ignored;
    fs::remove(file_, ignored);
  }

 private:
  void load() {
    std::ifstream in(file_);
    std::string line;
    std::getline(in, line);
    if (line != settings_) {
      fail("resuming ", file_.string(), ": it was started with another method, data set, protocol or "
           "selection; start anew with --force");
    }
    while (std::getline(in, line)) {
      try {
        ClipResult result = clip_result_of(Json::parse(line));
        done_[result.scores.name] = std::move(result);
      } catch (const Json::exception&) {
        return;  // a line that was being written when the run was stopped
      }
    }
  }

  fs::path file_;
  std::string settings_;
  std::mutex mutex_;
  std::map<std::string, ClipResult> done_;
};

std::string settings_hash(const EvalRequest& request, const ProtocolScorer& scorer,
                          const std::vector<ScoredClip>& clips) {
  return sha256_hex(cat(request.method.description, "\n", scorer.protocol().sha256(), "\n",
                        data_sha256(clips), "\n", request.regions, "\n", request.niqe_model));
}

void check_out(const EvalRequest& request) {
  std::error_code ignored;
  if (fs::exists(request.out, ignored) && !request.force && !request.resume) {
    fail_usage(request.out.string(), " exists; --resume keeps it if it is this run, --force replaces it");
  }
  require_writable_parent(request.out);
}

fs::path pictures_folder(const EvalRequest& request) {
  fs::path folder = request.out;
  folder.replace_extension(".pictures");
  return folder;
}

/// The worst frames of the run and a few spread over its clips; other kept pictures are deleted.
std::vector<RunPicture> choose_pictures(const EvalRun& run, const std::vector<ClipResult>& results,
                                        bool higher_is_better) {
  std::vector<RunPicture> worst;
  std::vector<RunPicture> samples;
  const std::string folder = run.pictures.filename().string();
  for (const ClipResult& result : results) {
    for (const KeptFrame& kept : result.kept) {
      const std::string stem = folder + "/" + result.scores.name + "_" + kept.frame + "_";
      const RunPicture picture{result.scores.name,    kept.frame,           kept.role,
                               stem + "rainy.png",    stem + "prediction.png",
                               stem + "truth.png",    kept.score};
      (kept.role == "worst" ? worst : samples).push_back(picture);
    }
  }
  std::stable_sort(worst.begin(), worst.end(), [&](const RunPicture& a, const RunPicture& b) {
    return higher_is_better ? a.score < b.score : a.score > b.score;
  });
  worst.resize(std::min(worst.size(), kWorstShown));
  std::vector<RunPicture> chosen = worst;
  const std::size_t step = std::max<std::size_t>(1, samples.size() / kSamplesShown);
  for (std::size_t i = 0; i < samples.size() && chosen.size() < worst.size() + kSamplesShown; i += step) {
    chosen.push_back(samples[i]);
  }
  std::set<std::string> keep;
  for (const RunPicture& picture : chosen) {
    for (const std::string& file : {picture.rainy, picture.prediction, picture.truth}) {
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

std::string means_text(const Summary& summary, const std::vector<ScoreColumn>& columns) {
  std::string text;
  for (const ScoreColumn& column : columns) {
    const double value = summary.mean.at(column.key);
    text += cat("  ", column.key, std::string(column.key.size() < 24 ? 24 - column.key.size() : 1, ' '),
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

}  // namespace

EvalOutcome evaluate(const EvalRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  check_out(request);
  const std::shared_ptr<SetReader> set = SetReader::open(request.data);
  const ProtocolScorer scorer(load_protocol(request.protocol), {request.niqe_model});
  const std::vector<ScoredClip> clips = choose_clips(*set, request);
  check_folder(request.method, clips);
  const std::vector<std::string> regions = regions_of(clips, request.regions);
  ScoreCache cache(request.cache ? score_cache_folder() : fs::path(), scorer.protocol().sha256());
  const EvalRun run{request, *set, scorer, regions, cache, pictures_folder(request)};
  fs::path journal_file = request.out;
  journal_file += ".journal";
  Journal journal(journal_file, settings_hash(request, scorer, clips), request.resume);
  fs::create_directories(run.pictures);
  const std::vector<ClipResult> results = score_clips(run, clips, journal);

  std::vector<ClipScores> scores;
  for (const ClipResult& result : results) scores.push_back(result.scores);
  const Summary summary = summarise(scorer, scores, regions);
  const std::vector<ScoreColumn> columns = columns_of(scorer, regions);
  FinishedRun finished{request, *set, scorer, regions, clips, results, {}, 0};
  finished.pictures = choose_pictures(run, results, columns.front().higher_is_better);
  finished.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  EvalOutcome outcome{clips.size(), summary.frames, summary.identical, means_text(summary, columns),
                      run_record_json(finished, summary).dump()};
  write_text(request.out, outcome.json + "\n");
  journal.remove();
  return outcome;
}

}  // namespace pluvia
