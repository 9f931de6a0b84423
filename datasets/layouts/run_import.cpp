// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/run_import.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/pipeline.h"
#include "core/progress.h"
#include "datasets/layouts/frame_feed.h"

namespace pluvia {
namespace {

// Frames in flight: enough to keep all threads busy, at most about this many bytes.
constexpr std::uint64_t kFlightBytes = 192U << 20;

std::size_t frames_in_flight(const PlannedClip& clip, int threads) {
  const std::uint64_t frame_bytes =
      clip.raw_bytes() / static_cast<std::uint64_t>(std::max(1, clip.frames)) + 1;
  const std::uint64_t fitting = std::max<std::uint64_t>(2, kFlightBytes / frame_bytes);
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(fitting, static_cast<std::uint64_t>(threads) * 4));
}

// What was noted for the clip's frames: the last value, and for how many frames there was one.
class NoteCount {
 public:
  void add(const std::map<std::string, std::string>& notes) {
    for (const auto& [key, value] : notes) {
      auto& [text, frames] = notes_[key];
      text = value;
      ++frames;
    }
  }
  /// Of the notes those of something lost: bits and alpha.
  void add_losses(std::map<std::string, std::uint64_t>& losses) const {
    for (const auto& [key, note] : notes_) {
      const std::size_t dot = key.find('.');
      const std::string what = dot == std::string::npos ? "" : key.substr(dot + 1);
      if (what != "bit_depth" && what != "alpha") continue;
      losses[cat(key.substr(0, dot), ": ", what == "alpha" ? "alpha " : "bits ", note.first)] +=
          static_cast<std::uint64_t>(note.second);
    }
  }
  void hand_to(ClipWriter& writer, int frames) const {
    for (const auto& [key, note] : notes_) {
      const bool everywhere = note.second == frames || key.rfind("gt.", 0) == 0;
      writer.set_note(key, everywhere
                               ? note.first
                               : cat(note.first, " (", note.second, " of ", frames, " frames)"));
    }
  }

 private:
  std::map<std::string, std::pair<std::string, int>> notes_;
};

// True when the export that the clip came from told of every frame; the rows are then its.
bool recall_rows(const PlannedClip& clip, std::vector<FrameRow>& rows) {
  std::vector<FrameRow> recalled;
  for (const FrameRow& row : rows) {
    const auto known = clip.known_rows.find(row.name);
    if (known == clip.known_rows.end()) return false;
    recalled.push_back(known->second);
  }
  rows = std::move(recalled);
  return true;
}

// Gives the number of frames.
int feed_clip(const PlannedClip& clip, ClipWriter& writer, int threads, Progress& progress,
              ImportResult& result) {
  FrameFeed feed(clip);
  std::vector<FrameRow> rows;
  NoteCount notes;
  {
    OrderedPipeline pipeline(threads, frames_in_flight(clip, threads));
    for (int t = 0;; ++t) {
      throw_if_interrupted();
      std::optional<FedFrame> begun = feed.begin(t);
      if (!begun) break;
      auto frame = std::make_shared<FedFrame>(std::move(*begun));
      pipeline.push([&feed, t, frame] { feed.complete(t, *frame); },
                    [&, frame] {
                      notes.add(frame->notes);
                      rows.push_back(std::move(frame->row));
                      writer.add(std::move(frame->layers));
                      progress.add(1, clip.id);
                    });
    }
    pipeline.finish();
  }
  const int frames = static_cast<int>(rows.size());
  if (frames == 0) fail("there are no frames in it");
  const bool any_video = std::any_of(clip.layers.begin(), clip.layers.end(),
                                     [](const auto& entry) { return entry.second.video; });
  const bool known = recall_rows(clip, rows);
  writer.set_frames({.name = true, .time = any_video || known, .rendering = known},
                    std::move(rows));
  if (!clip.gt_index.empty()) writer.set_gt_index(clip.gt_index);
  notes.hand_to(writer, frames);
  notes.add_losses(result.losses);
  writer.finish();
  return frames;
}

}  // namespace

ClipInfo clip_info(const PlannedClip& clip, SetKind kind) {
  ClipInfo info;
  info.id = clip.id;
  info.frames = clip.frames;
  info.height = clip.height;
  info.width = clip.width;
  info.fps = kind == SetKind::kImages ? 0 : clip.fps;
  info.layers = clip.layer_set();
  info.split = clip.split;
  info.source = clip.source;
  info.seed = clip.seed;
  if (!clip.rain.empty()) info.rain = clip.rain;
  if (!clip.camera.empty()) info.camera = clip.camera;
  info.notes["name"] = clip.name;
  if (!clip.group.empty()) info.notes["group"] = clip.group;
  return info;
}

ImportResult run_import(const ImportPlan& plan, const OpenClip& open, int threads) {
  ImportResult result;
  Progress progress("importing", plan.frames(), "frames");
  for (const PlannedClip& clip : plan.clips) {
    throw_if_interrupted();
    within("importing clip " + clip.id, [&] {
      const std::unique_ptr<ClipWriter> writer = open(clip_info(clip, plan.kind));
      if (writer == nullptr) {
        ++result.skipped;
        progress.skip(static_cast<std::uint64_t>(clip.frames));
        return;
      }
      const int frames = feed_clip(clip, *writer, thread_count(threads), progress, result);
      ++result.clips;
      result.frames += static_cast<std::uint64_t>(frames);
    });
  }
  progress.finish();
  return result;
}

}  // namespace pluvia
