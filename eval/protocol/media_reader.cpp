// SPDX-License-Identifier: Apache-2.0
// Frames of a MediaClip into memory. Arrays (.npy) are float (T,3,H,W) or (3,H,W), RGB in 0..1 as
// `derain` writes them: clamped as saving would do, not rounded.
#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

#include "core/counted.h"
#include "core/error.h"
#include "core/parallel.h"
#include "core/tensor_file/npy.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"
#include "eval/protocol/media_pairs.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

struct Frame {
  Image<std::uint8_t> u8;
  Image<double> real;
};

double element(const NpyArray& array, std::size_t i) {
  return array.dtype == "f4" ? double{array.as<float>()[i]} : array.as<double>()[i];
}

class Stream {
 public:
  explicit Stream(const fs::path& path) : path_(path) {
    if (lower(path.extension().string()) == ".npy") {
      open_array();
    } else {
      video_ = open_frames(path, ColorWanted::kRgb);
    }
  }

  /// False after the last frame.
  bool next(Frame& frame) {
    if (video_) {
      if (!video_->next(frame.u8)) return false;
    } else {
      if (given_ == frames_) return false;
      frame.real = array_frame();
    }
    ++given_;
    return true;
  }
  const fs::path& path() const { return path_; }

 private:
  void open_array() {
    array_ = read_npy(path_);
    const auto& shape = array_.shape;
    const std::size_t rank = shape.size();
    const bool fits = (rank == 3 || rank == 4) && shape[rank - 3] == 3 &&
                      (array_.dtype == "f4" || array_.dtype == "f8") && array_.count() > 0 &&
                      shape[rank - 2] <= 16384 && shape[rank - 1] <= 16384;
    if (!fits) {
      std::vector<std::string> sizes;
      for (const std::int64_t n : shape) sizes.push_back(std::to_string(n));
      fail(path_.string(), ": an array (", join(sizes, ","), ") of ", array_.dtype,
           ", expected float (T,3,H,W) or (3,H,W), RGB in 0..1");
    }
    frames_ = rank == 4 ? shape[0] : 1;
    height_ = static_cast<int>(shape[rank - 2]);
    width_ = static_cast<int>(shape[rank - 1]);
  }

  Image<double> array_frame() const {
    Image<double> out(height_, width_, 3);
    const std::size_t plane = static_cast<std::size_t>(height_) * static_cast<std::size_t>(width_);
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t from = (static_cast<std::size_t>(given_) * 3 + c) * plane;
      for (std::size_t i = 0; i < plane; ++i) {
        const double value = element(array_, from + i);
        if (!std::isfinite(value)) {
          fail(path_.string(), ": frame ", given_, ": ", value, " at row ",
               i / static_cast<std::size_t>(width_), ", column ",
               i % static_cast<std::size_t>(width_), ", expected a number in 0..1");
        }
        out.pixels()[i * 3 + c] = std::clamp(value, 0.0, 1.0) * 255;
      }
    }
    return out;
  }

  fs::path path_;
  std::unique_ptr<FrameSource> video_;
  NpyArray array_;
  std::int64_t frames_ = 0;
  std::int64_t given_ = 0;
  int height_ = 0;
  int width_ = 0;
};

const fs::path* companion(const std::vector<fs::path>& files, std::size_t i) {
  if (files.empty()) return nullptr;
  return files.size() == 1 ? &files.front() : &files[i];
}

}  // namespace

FramePair LoadedFrame::pair() const {
  FramePair out;
  out.name = name;
  if (!reference_u8.empty()) out.reference.u8 = reference_u8.view();
  if (!reference_real.empty()) out.reference.real = reference_real.view();
  if (!prediction_u8.empty()) out.prediction.u8 = prediction_u8.view();
  if (!prediction_real.empty()) out.prediction.real = prediction_real.view();
  out.regions = regions.empty() ? nullptr : &regions;
  return out;
}

struct MediaReader::State {
  const MediaClip& clip;
  std::optional<Stream> reference;
  std::optional<Stream> prediction;
  std::size_t at = 0;
  bool ended = false;

  explicit State(const MediaClip& of) : clip(of) {
    if (!clip.reference.stream.empty()) reference.emplace(clip.reference.stream);
    if (!clip.prediction.stream.empty()) prediction.emplace(clip.prediction.stream);
  }

  // Frames of streams, one after the other; pictures come later, on all threads.
  std::vector<LoadedFrame> from_streams(std::size_t most, std::vector<std::string>& problems) {
    std::vector<LoadedFrame> out;
    const bool both = reference && prediction;
    if (!both && clip.frames.empty()) return out;  // the plan says why
    while (out.size() < most && !ended) {
      const std::size_t i = at + out.size();
      const bool pictures_left = !both && i < clip.frames.size();
      Frame a;
      Frame b;
      const bool has_a = reference ? reference->next(a) : pictures_left;
      const bool has_b = prediction ? prediction->next(b) : pictures_left;
      if (has_a != has_b) {
        const std::string of = clip.name.empty() ? "" : " of clip '" + clip.name + "'";
        problems.push_back(cat("the ", has_a ? "prediction" : "reference", of, " ends after ",
                               counted(i, "frame"), ", the ", has_a ? "reference" : "prediction",
                               " goes on"));
      }
      if (!has_a || !has_b) {
        ended = true;
        break;
      }
      LoadedFrame frame;
      frame.name = both ? cat(i) : clip.frames[i];
      frame.reference_u8 = std::move(a.u8);
      frame.reference_real = std::move(a.real);
      frame.prediction_u8 = std::move(b.u8);
      frame.prediction_real = std::move(b.real);
      out.push_back(std::move(frame));
    }
    return out;
  }

  std::vector<LoadedFrame> named(std::size_t most) const {
    std::vector<LoadedFrame> out;
    for (std::size_t i = at; i < clip.frames.size() && out.size() < most; ++i) {
      out.emplace_back();
      out.back().name = clip.frames[i];
    }
    return out;
  }

  void load_pictures(LoadedFrame& frame, std::size_t i, std::vector<std::string>& notes) const {
    const auto read = [&](const fs::path& path, ColorWanted wanted) {
      MediaNotes found;
      Image<std::uint8_t> image = read_still(path, wanted, &found);
      for (std::string& line : lines_of_loss(path, found)) notes.push_back(std::move(line));
      return image;
    };
    if (!clip.reference.stills.empty()) {
      frame.reference_u8 = read(clip.reference.stills[i], ColorWanted::kRgb);
    }
    if (!clip.prediction.stills.empty()) {
      frame.prediction_u8 = read(clip.prediction.stills[i], ColorWanted::kRgb);
    }
    if (const auto* path = companion(clip.masks, i)) frame.mask = read(*path, ColorWanted::kGrey);
    if (const auto* path = companion(clip.streaks, i)) {
      frame.streak = read(*path, ColorWanted::kGrey);
    }
    if (const auto* path = companion(clip.rainy, i)) frame.rainy = read(*path, ColorWanted::kRgb);
    add_regions(frame);
  }

  static void add_regions(LoadedFrame& frame) {
    RegionSources sources;
    Image<std::uint8_t> clean;
    if (!frame.mask.empty()) sources.mask = frame.mask.view();
    if (!frame.streak.empty()) sources.streak = frame.streak.view();
    if (!frame.rainy.empty()) {
      sources.rainy = frame.rainy.view();
      if (frame.reference_u8.empty()) clean = to_u8(frame.reference_real.view());
      sources.clean = frame.reference_u8.empty() ? clean.view() : frame.reference_u8.view();
    }
    const FramePair pair = frame.pair();
    frame.regions = make_regions(sources, pair.reference.height(), pair.reference.width());
  }
};

MediaReader::MediaReader(const MediaClip& clip) : state_(std::make_unique<State>(clip)) {}
MediaReader::~MediaReader() = default;

std::vector<LoadedFrame> MediaReader::next(int most, std::vector<std::string>& problems,
                                           std::vector<std::string>& notes) {
  const auto count = static_cast<std::size_t>(most);
  const bool streams = state_->reference || state_->prediction;
  std::vector<LoadedFrame> frames =
      streams ? state_->from_streams(count, problems) : state_->named(count);
  std::vector<std::string> failed(frames.size());
  std::vector<std::vector<std::string>> told(frames.size());
  parallel_for(
      static_cast<std::int64_t>(frames.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          try {
            state_->load_pictures(frames[i], state_->at + i, told[i]);
          } catch (const Error& error) {
            if (error.kind() != ErrorKind::kInput) throw;
            failed[i] = error.what();
          }
        }
      });
  state_->at += frames.size();
  std::vector<LoadedFrame> good;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    notes.insert(notes.end(), told[i].begin(), told[i].end());
    if (failed[i].empty()) {
      good.push_back(std::move(frames[i]));
    } else {
      problems.push_back(failed[i]);
    }
  }
  // An empty batch means the end: one whose pictures all failed is followed by the next.
  if (good.empty() && !frames.empty()) return next(most, problems, notes);
  return good;
}

}  // namespace pluvia
