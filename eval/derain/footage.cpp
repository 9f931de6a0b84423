// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"
#include "eval/derain/array_frames.h"
#include "eval/derain/sequence.h"
#include "eval/derain/set_frames.h"

namespace pluvia {
namespace {

/// Videos, pictures and folders of frames.
class MediaIn final : public SequenceIn {
 public:
  MediaIn(const fs::path& path, std::string name)
      : source_(open_frames(path, ColorWanted::kRgb)), path_(path) {
    const SourceInfo& from = source_->info();
    info_ = {std::move(name), from.frames, from.height, from.width, from.fps};
    numbered_ = is_video_name(path);
  }

  const SequenceInfo& info() const override { return info_; }

  bool next(PlanarFrame& frame) override {
    Image<std::uint8_t> image;
    if (!source_->next(image)) return false;
    frame = {3, image.height(), image.width(), {}};
    append_planar(image, frame.values);
    ++count_;
    return true;
  }

  std::string frame_name() const override {
    return numbered_ ? numbered(count_ - 1) : source_->frame_name();
  }

  std::vector<std::string> remarks() const override {
    return lines_of_loss(path_, source_->info().notes);
  }

 private:
  std::unique_ptr<FrameSource> source_;
  fs::path path_;
  SequenceInfo info_;
  bool numbered_ = false;
  int count_ = 0;
};

/// Sub-folders that hold pictures, in natural order.
std::vector<std::string> folders_of_frames(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || !entry.is_directory()) continue;
    if (!list_stills(entry.path()).empty()) names.push_back(name);
  }
  std::sort(names.begin(), names.end(),
            [](const std::string& a, const std::string& b) { return natural_less(a, b); });
  return names;
}

Footage media_footage(const fs::path& path, FootageKind kind) {
  Footage footage{kind, {""}, {}};
  if (kind == FootageKind::kFolder && list_stills(path).empty()) {
    std::vector<std::string> names = folders_of_frames(path);
    if (!names.empty()) {
      footage.names = std::move(names);
      footage.open = [path, clips = footage.names](std::size_t i) {
        return std::make_unique<MediaIn>(path / clips[i], clips[i]);
      };
      return footage;
    }
  }
  footage.open = [path](std::size_t) { return std::make_unique<MediaIn>(path, ""); };
  return footage;
}

Footage only(Footage all, const std::string& clip, const std::string& path) {
  if (clip.empty()) return all;
  const auto found = std::find(all.names.begin(), all.names.end(), clip);
  if (all.names.front().empty()) {
    fail_usage("--clip ", clip, ": ", path, " is ", to_text(all.kind), ", not several clips");
  }
  if (found == all.names.end()) {
    fail_usage("--clip ", clip, ": ", path, " has no such clip", did_you_mean(clip, all.names),
               "; there are ", list_some(all.names));
  }
  const auto index = static_cast<std::size_t>(found - all.names.begin());
  return {all.kind, {clip}, [open = all.open, index](std::size_t) { return open(index); }};
}

}  // namespace

const char* to_text(FootageKind kind) {
  switch (kind) {
    case FootageKind::kPicture:
      return "a picture";
    case FootageKind::kVideo:
      return "a video";
    case FootageKind::kFolder:
      return "a folder";
    case FootageKind::kSet:
      return "a set";
    case FootageKind::kArray:
      return "an array";
  }
  return "";
}

FootageKind kind_of(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return FootageKind::kFolder;
  const std::string ending = lower(fs::path(path).extension().string());
  if (ending == ".h5" || ending == ".hdf5") return FootageKind::kSet;
  if (ending == ".npy") return FootageKind::kArray;
  if (is_still_name(path)) return FootageKind::kPicture;
  return is_video_name(path) ? FootageKind::kVideo : FootageKind::kFolder;
}

Footage open_footage(const std::string& path, const std::string& clip) {
  const FootageKind kind = kind_of(path);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) fail("opening ", path, ": there is no such file or folder");
  if (kind == FootageKind::kSet) return only(set_footage(path), clip, path);
  if (kind == FootageKind::kArray) {
    Footage footage{kind, {""}, [path](std::size_t) { return open_array(path); }};
    return only(std::move(footage), clip, path);
  }
  return only(media_footage(path, kind), clip, path);
}

std::string numbered(int t) {
  char text[24];
  std::snprintf(text, sizeof text, "%08d", t);
  return text;
}

}  // namespace pluvia
