// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/run_import.h"

#include <algorithm>
#include <optional>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/pipeline.h"
#include "core/progress.h"
#include "core/text.h"
#include "datasets/layouts/frame_feed.h"
#include "datasets/media/stills.h"

namespace pluvia {
namespace {

// Frames in flight: enough to keep all threads busy, at most about this many bytes.
constexpr std::uint64_t kFlightBytes = 192U << 20;

std::size_t frames_in_flight(const PlannedClip& clip, int threads) {
  const std::uint64_t fitting = std::max<std::uint64_t>(2, kFlightBytes / (clip.frame_bytes() + 1));
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(fitting, static_cast<std::uint64_t>(threads) * 4));
}

// What was noted of the clip's frames, and of how many.
class NoteCount {
 public:
  explicit NoteCount(const PlannedClip& clip) : clip_(clip) {}

  void add(const std::map<std::string, std::string>& notes) {
    for (const auto& [key, value] : notes) ++notes_[key][value];
  }
  /// Of whole videos.
  void add(const std::map<std::string, std::string>& notes, int frames) {
    for (const auto& [key, value] : notes) notes_[key][value] = frames;
  }
  /// Of the notes those of something lost: bits and alpha.
  void add_losses(std::map<std::string, std::uint64_t>& losses) const {
    for (const auto& [key, values] : notes_) {
      const std::size_t dot = key.find('.');
      const std::string what = dot == std::string::npos ? "" : key.substr(dot + 1);
      for (const auto& [value, frames] : values) {
        if (!is_loss(what, value)) continue;
        losses[cat(key.substr(0, dot), ": ", what == "alpha" ? "alpha " : "bits ", value)] +=
            static_cast<std::uint64_t>(frames);
      }
    }
  }
  void hand_to(ClipWriter& writer, int frames) const {
    for (const auto& [key, values] : notes_) {
      const int all = key.rfind("gt.", 0) == 0 ? truths(frames) : frames;
      std::vector<std::string> told;
      for (const auto& [value, count] : values) {
        told.push_back(count == all ? value : cat(value, " (", count, " of ", all, " frames)"));
      }
      writer.set_note(key, list_some(told, kMostValues));
    }
  }

 private:
  static constexpr std::size_t kMostValues = 8;

  /// Ground truths that frames share are read once.
  int truths(int frames) const {
    return clip_.gt_index.empty() ? frames : clip_.gt_index.back() + 1;
  }

  const PlannedClip& clip_;
  std::map<std::string, std::map<std::string, int>> notes_;
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

std::byte largest_in(const std::vector<std::byte>& values) {
  return values.empty() ? std::byte{0} : *std::max_element(values.begin(), values.end());
}

// Gives the number of frames.
int feed_clip(const PlannedClip& clip, ClipWriter& writer, int threads, Progress& progress,
              ImportResult& result) {
  FrameFeed feed(clip);
  std::vector<FrameRow> rows;
  NoteCount notes(clip);
  std::byte mask_peak{0};
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
                      mask_peak = std::max(mask_peak, largest_in(frame->layers.of(Layer::kMask)));
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
  writer.set_frames(
      {.name = true, .time = any_video || known, .rendering = known && clip.known_rendering},
      std::move(rows));
  if (!clip.gt_index.empty()) writer.set_gt_index(clip.gt_index);
  notes.add(feed.video_notes(), frames);
  notes.hand_to(writer, frames);
  notes.add_losses(result.losses);
  if (mask_peak == std::byte{1}) ++result.faint_masks;
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
