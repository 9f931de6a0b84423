// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/run_import.h"

#include <algorithm>

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
  return static_cast<std::size_t>(std::min<std::uint64_t>(fitting, static_cast<std::uint64_t>(threads) * 4));
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
  void hand_to(ClipWriter& writer, const PlannedClip& clip) const {
    for (const auto& [key, note] : notes_) {
      const bool everywhere = note.second == clip.frames || key.rfind("gt.", 0) == 0;
      writer.set_note(key, everywhere ? note.first
                                      : cat(note.first, " (", note.second, " of ", clip.frames, " frames)"));
    }
  }

 private:
  std::map<std::string, std::pair<std::string, int>> notes_;
};

void feed_clip(const PlannedClip& clip, ClipWriter& writer, int threads, Progress& progress) {
  FrameFeed feed(clip);
  std::vector<FrameRow> rows;
  NoteCount notes;
  {
    OrderedPipeline pipeline(threads, frames_in_flight(clip, threads));
    for (int t = 0; t < clip.frames; ++t) {
      throw_if_interrupted();
      auto frame = std::make_shared<FedFrame>(feed.begin(t));
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
  feed.require_end();
  const bool any_video = std::any_of(clip.layers.begin(), clip.layers.end(),
                                     [](const auto& entry) { return entry.second.video; });
  writer.set_frames({.name = true, .time = any_video, .rendering = false}, std::move(rows));
  if (!clip.gt_index.empty()) writer.set_gt_index(clip.gt_index);
  notes.hand_to(writer, clip);
  writer.finish();
}

// A video that does not say how long it is has to be decoded twice: storage is laid out beforehand.
void count_if_unknown(PlannedClip& clip) {
  if (clip.frames > 0) return;
  for (const auto& [layer, source] : clip.layers) {
    if (source.video && clip.frames == 0) clip.frames = count_frames(source.files.front());
  }
  if (clip.frames == 0) fail("the video has no frames");
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
  info.notes["name"] = clip.name;
  if (!clip.group.empty()) info.notes["group"] = clip.group;
  return info;
}

ImportResult run_import(const ImportPlan& plan, const OpenClip& open, int threads) {
  ImportResult result;
  Progress progress("importing", plan.frames(), "frames");
  for (const PlannedClip& planned : plan.clips) {
    throw_if_interrupted();
    within("importing clip " + planned.id, [&] {
      PlannedClip clip = planned;
      count_if_unknown(clip);
      const std::unique_ptr<ClipWriter> writer = open(clip_info(clip, plan.kind));
      if (writer == nullptr) {
        ++result.skipped;
        progress.skip(static_cast<std::uint64_t>(clip.frames));
        return;
      }
      feed_clip(clip, *writer, thread_count(threads), progress);
      ++result.clips;
      result.frames += static_cast<std::uint64_t>(clip.frames);
      result.raw_bytes += clip.raw_bytes();
    });
  }
  progress.finish();
  return result;
}

}  // namespace pluvia
