// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/verify.h"

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/pipeline.h"
#include "core/progress.h"
#include "datasets/store/formation.h"
#include "datasets/store/set_reader.h"
#include "datasets/store/stored_clip.h"
#include "datasets/store/value_ranges.h"

namespace pluvia {
namespace {

constexpr std::size_t kMaxProblems = 10000;

class Verifier {
 public:
  explicit Verifier(const fs::path& path)
      : set_(SetReader::open(path)), progress_("verifying", total(), "frames") {}

  VerifyResult run(int threads) {
    check_splits();
    check_unlisted();
    check_texts();
    OrderedPipeline pipeline(threads, static_cast<std::size_t>(threads) * 2);
    for (const IndexRow& row : set_->info().rows) {
      throw_if_interrupted();
      pipeline.push([this, &row] { check_clip(row); }, [] {});
    }
    pipeline.finish();
    return std::move(result_);
  }

 private:
  std::uint64_t total() const {
    std::uint64_t frames = 0;
    for (const IndexRow& row : set_->info().rows)
      frames += static_cast<std::uint64_t>(row.clip.frames);
    return frames;
  }

  void add_problem(const std::string& item, const std::string& problem) {
    const std::scoped_lock lock(mutex_);
    if (result_.problems.size() < kMaxProblems) result_.problems.push_back({item, problem});
  }

  // An Error inside `body` becomes a problem of `item`; an interruption stays an interruption.
  template <typename Body>
  bool guarded(const std::string& item, Body&& body) {
    try {
      body();
      return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInterrupt || error.kind() == ErrorKind::kTerminate) throw;
      std::string text = error.what();
      const std::string file = set_->path().string() + ": ";
      if (text.rfind(file, 0) == 0) text = text.substr(file.size());
      if (text.rfind(item + ": ", 0) == 0) text = text.substr(item.size() + 2);
      add_problem(item, text);
      return false;
    }
  }

  void check_splits();
  void check_unlisted();
  void check_texts();
  void check_clip(const IndexRow& row);
  void check_layer(const IndexRow& row, const StoredClip& clip, Layer layer);
  void check_frames_table(const IndexRow& row, const ClipReader& clip);
  void check_values(const IndexRow& row, const ClipReader& clip);
  void check_rendered(const IndexRow& row, const ClipReader& clip);

  std::shared_ptr<SetReader> set_;
  Progress progress_;
  std::mutex mutex_;
  VerifyResult result_;
};

void Verifier::check_splits() {
  std::map<std::string, const ClipInfo*> clips;
  for (const IndexRow& row : set_->info().rows) clips[row.clip.id] = &row.clip;
  std::map<std::string, std::string> split_of;
  std::map<std::string, std::string> split_of_source;
  for (const auto& [split, ids] : set_->info().splits) {
    for (const std::string& id : ids) {
      const std::string item = "splits/" + split;
      const auto found = clips.find(id);
      if (found == clips.end()) {
        add_problem(item, "names clip '" + id + "', which does not exist");
        continue;
      }
      const auto [at, fresh] = split_of.emplace(id, split);
      if (!fresh)
        add_problem(item, "names clip '" + id + "', which is also in split '" + at->second + "'");
      const std::string& source = found->second->source;
      if (source.empty()) continue;
      const auto [other, first] = split_of_source.emplace(source, split);
      if (!first && other->second != split) {
        add_problem(item, "clip '" + id + "' comes from source '" + source + "', which split '" +
                              other->second + "' uses too");
      }
      if (found->second->split != split) {
        add_problem("index/clips", "says clip '" + id + "' is in split '" + found->second->split +
                                       "', splits/" + split + " lists it");
      }
    }
  }
  for (const auto& [id, clip] : clips) {
    if (!clip->split.empty() && split_of.count(id) == 0) {
      add_problem("index/clips", "says clip '" + id + "' is in split '" + clip->split +
                                     "', which does not list it");
    }
  }
}

void Verifier::check_unlisted() {
  guarded("clips", [&] {
    std::set<std::string> listed;
    for (const IndexRow& row : set_->info().rows) listed.insert(row.clip.id);
    for (const std::string& name : set_->stored_clip_names()) {
      if (listed.count(name) == 0) add_problem("clips/" + name, "is not in index/clips");
    }
  });
}

void Verifier::check_texts() {
  guarded("attributes", [&] {
    for (const auto& [name, problem] : set_->attribute_problems())
      add_problem("attribute " + name, problem);
  });
  guarded("attribute recipe", [&] { parse_json(set_->info().recipe, "recipe"); });
  guarded("attribute provenance", [&] { parse_json(set_->info().provenance, "provenance"); });
  const std::string& formation = set_->info().formation;
  if (!formation.empty() && !is_known_formation(formation)) {
    add_problem("attribute formation",
                "is '" + formation + "', expected vrds, physical or nothing");
  }
}

void Verifier::check_clip(const IndexRow& row) {
  throw_if_interrupted();
  const std::string item = "clips/" + row.clip.id;
  guarded(item, [&] {
    const std::unique_ptr<ClipReader> reader = set_->clip(row.clip.id);
    const auto& clip = dynamic_cast<const StoredClip&>(*reader);
    for (const std::string& name : clip.unlisted_layers()) {
      add_problem(item + "/" + name, "is there but index/clips does not list it");
    }
    guarded(item + " attribute rain", [&] { parse_json(clip.info().rain, "rain"); });
    guarded(item + " attribute camera", [&] { parse_json(clip.info().camera, "camera"); });
    for (const std::string& difference : clip.differing_attributes(row.clip))
      add_problem(item, difference);
    if (const std::string of_layers = clip_sha256(row.content_sha256);
        row.stored_sha256 != of_layers) {
      add_problem("index/clips", "says the content hash of clip '" + row.clip.id + "' is " +
                                     row.stored_sha256 + ", its layers' hashes make " + of_layers);
    }
    bool whole = true;
    for (const Layer layer : row.clip.layers.list()) {
      whole =
          guarded(item + "/" + spec(layer).name, [&] { check_layer(row, clip, layer); }) && whole;
    }
    guarded(item + "/frames", [&] { check_frames_table(row, clip); });
    if (whole) check_values(row, clip);
    if (whole) check_rendered(row, clip);
  });
  const std::scoped_lock lock(mutex_);
  ++result_.clips;
  result_.frames += static_cast<std::uint64_t>(row.clip.frames);
  progress_.add(static_cast<std::uint64_t>(row.clip.frames), row.clip.id);
}

void Verifier::check_layer(const IndexRow& row, const StoredClip& clip, Layer layer) {
  const std::string item = "clips/" + row.clip.id + "/" + spec(layer).name;
  const StoredClip::LayerCheck check =
      clip.check_layer(layer, [&](const std::string& chunk, const std::string& problem) {
        add_problem(item + " " + chunk, problem);
      });
  {
    const std::scoped_lock lock(mutex_);
    result_.bytes += check.bytes;
    result_.chunks += check.chunks;
  }
  if (!check.whole) return;
  const auto indexed = row.content_sha256.find(layer);
  const bool listed = indexed != row.content_sha256.end();
  const bool index_differs = listed && indexed->second != check.sha256;
  const bool own_differs = !check.stored_sha256.empty() && check.stored_sha256 != check.sha256;
  const std::string found = "content hash is " + check.sha256 + ", ";
  if (!listed) add_problem(item, "index/clips has no hash of it");
  if (index_differs && own_differs && indexed->second == check.stored_sha256) {
    add_problem(item, found + "index/clips and its attribute sha256 say " + indexed->second);
    return;
  }
  if (index_differs) add_problem(item, found + "index/clips says " + indexed->second);
  if (own_differs) add_problem(item, found + "its attribute sha256 says " + check.stored_sha256);
}

void Verifier::check_frames_table(const IndexRow& row, const ClipReader& clip) {
  FrameColumns columns;
  const std::vector<FrameRow> rows = clip.frame_rows(&columns);
  if (rows.empty() && !is_known_formation(set_->info().formation)) return;
  if (rows.size() != static_cast<std::size_t>(row.clip.frames)) {
    fail("has ", rows.size(), " rows, expected ", row.clip.frames);
  }
  const std::string wrong = check_rows(rows, columns, set_->info().kind == "images");
  if (!wrong.empty()) fail(wrong);
}

void Verifier::check_values(const IndexRow& row, const ClipReader& clip) {
  for (const Layer layer : {Layer::kDepth, Layer::kFlow}) {
    if (!row.clip.layers.has(layer)) continue;
    const Window frame = {0, 1, 0, 0, row.clip.height, row.clip.width};
    std::vector<std::byte> pixels(frame.pixels() * spec(layer).pixel_bytes());
    for (int t = 0; t < row.clip.frames; ++t) {
      throw_if_interrupted();
      clip.read(layer, {t, 1, 0, 0, row.clip.height, row.clip.width}, pixels);
      const std::string problem = pluvia::check_values(layer, pixels, row.clip.width);
      if (!problem.empty()) {
        add_problem(cat("clips/", row.clip.id, "/", spec(layer).name, " frame ", t), problem);
      }
    }
  }
}

void Verifier::check_rendered(const IndexRow& row, const ClipReader& clip) {
  const std::string& formation = set_->info().formation;
  // Sets with fewer layers are legal; the rules that need them cannot be checked.
  const LayerSet needed = formation_layers(formation, row.clip.layers);
  if (needed.empty()) return;
  for (int t = 0; t < row.clip.frames; ++t) {
    throw_if_interrupted();
    FrameLayers frame;
    const Window window = {t, 1, 0, 0, row.clip.height, row.clip.width};
    for (const Layer layer : needed.list()) {
      frame.of(layer).resize(window.pixels() * spec(layer).pixel_bytes());
      clip.read(layer, window, frame.of(layer));
    }
    const std::string problem = check_formation(formation, frame, row.clip.height, row.clip.width);
    if (!problem.empty()) add_problem(cat("clips/", row.clip.id, " frame ", t), problem);
    const std::scoped_lock lock(mutex_);
    ++result_.formation_frames;
  }
}

}  // namespace

VerifyResult verify_set(const fs::path& path, int threads) {
  return Verifier(path).run(thread_count(threads));
}

}  // namespace pluvia
