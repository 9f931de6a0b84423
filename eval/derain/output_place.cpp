// SPDX-License-Identifier: Apache-2.0
#include "eval/derain/output_place.h"

#include "core/error.h"
#include "core/file.h"
#include "datasets/media/stills.h"
#include "datasets/media/video_writer.h"
#include "eval/derain/array_frames.h"
#include "eval/derain/picture_folder.h"
#include "eval/derain/set_frames.h"

namespace pluvia {
namespace {

constexpr double kUsualFps = 25;

class VideoOut final : public SequenceOut {
 public:
  VideoOut(const fs::path& path, const VideoFormat& format) : writer_(create_video(path, format)) {}
  void add(int t, const std::string& /*name*/, const PlanarFrame& frame) override {
    writer_->add(to_codes(frame, 0, 3, ToCode::kRoundHalfEven, t).view());
  }
  void finish() override { writer_->finish(); }

 private:
  std::unique_ptr<VideoWriter> writer_;
};

class PictureOut final : public SequenceOut {
 public:
  explicit PictureOut(fs::path path) : path_(std::move(path)) {}
  void add(int t, const std::string& /*name*/, const PlanarFrame& frame) override {
    if (t > 0)
      fail_usage("output ", path_.string(), " is one picture, but the input has more frames");
    image_ = to_codes(frame, 0, 3, ToCode::kRoundHalfEven, t);
  }
  void finish() override { write_png(path_, image_.view()); }

 private:
  fs::path path_;
  Image<std::uint8_t> image_;
};

/// One file for one sequence.
class FilePlace final : public OutputPlace {
 public:
  FilePlace(fs::path path, FootageKind kind, const PlaceOptions& options)
      : path_(std::move(path)), kind_(kind), options_(options) {
    std::error_code ignored;
    if (fs::exists(path_, ignored) && !options.force) {
      if (!options.resume)
        fail_usage("output ", path_.string(), " exists; use --force to replace it");
      complete_ = true;
    }
    require_writable_parent(path_);
  }

  bool has(const std::string& /*name*/) const override { return complete_; }

  std::unique_ptr<SequenceOut> begin(const SequenceIn& in) override {
    const SequenceInfo& info = in.info();
    if (kind_ == FootageKind::kArray) return create_array(path_, info);
    if (kind_ == FootageKind::kPicture) {
      if (info.frames > 1) {
        fail_usage("output ", path_.string(), " is one picture, but the input has ", info.frames,
                   " frames; give a folder, a video or an array");
      }
      return std::make_unique<PictureOut>(path_);
    }
    const double input_fps = info.fps > 0 ? info.fps : kUsualFps;
    return std::make_unique<VideoOut>(
        path_, VideoFormat{info.height, info.width, options_.fps > 0 ? options_.fps : input_fps,
                           options_.crf});
  }

  void commit() override {}

 private:
  fs::path path_;
  FootageKind kind_;
  PlaceOptions options_;
  bool complete_ = false;
};

}  // namespace

std::unique_ptr<OutputPlace> open_place(const std::string& path, const Footage& footage,
                                        const PlaceOptions& options) {
  const FootageKind kind = kind_of(path);
  if (kind == FootageKind::kSet) return open_set_place(path, options);
  if (kind == FootageKind::kFolder) return open_picture_folder(path, {{"", 0, 3}}, options);
  if (kind == FootageKind::kPicture && fs::path(path).extension() != ".png") {
    fail_usage("output ", path, ": pictures are written as .png");
  }
  if (footage.names.size() > 1) {
    fail_usage("output ", path, " holds one clip, but the input has ", footage.names.size(),
               "; choose one with --clip, or give a folder or a .h5 file");
  }
  return std::make_unique<FilePlace>(path, kind, options);
}

std::unique_ptr<OutputPlace> open_layers_place(
    const std::string& folder, const std::vector<std::pair<std::string, int>>& layers,
    const PlaceOptions& options) {
  std::vector<PicturePlanes> planes;
  int first = 3;
  for (const auto& [name, channels] : layers) {
    planes.push_back({name, first, channels});
    first += channels;
  }
  return open_picture_folder(folder, std::move(planes), options);
}

}  // namespace pluvia
