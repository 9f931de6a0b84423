// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/frame_feed.h"

#include <cstring>

#include "core/counted.h"
#include "core/error.h"
#include "datasets/media/stills.h"

namespace pluvia {
namespace {

ColorWanted color_of(Layer layer) {
  return spec(layer).channels == 1 ? ColorWanted::kGrey : ColorWanted::kRgb;
}

void add_notes(Layer layer, const MediaNotes& found, std::map<std::string, std::string>& notes) {
  for (const auto& [key, value] : found) notes[cat(spec(layer).name, ".", key)] = value;
}

ImageView<const std::uint8_t> part_of(const Image<std::uint8_t>& image, Piece piece) {
  if (piece == Piece::kWhole) return image.view();
  const int half = image.width() / 2;
  return image.view().crop(0, piece == Piece::kLeftHalf ? 0 : half, image.height(), half);
}

}  // namespace

FrameFeed::FrameFeed(const PlannedClip& clip) : clip_(clip) {
  for (const auto& [layer, source] : clip.layers) {
    if (source.video) videos_[layer] = open_frames(source.files.front(), color_of(layer));
  }
}

void FrameFeed::store(Layer layer, const Image<std::uint8_t>& image, FedFrame& frame,
                      Piece piece) const {
  const ImageView<const std::uint8_t> part = part_of(image, piece);
  if (part.height() != clip_.height || part.width() != clip_.width ||
      part.channels() != spec(layer).channels) {
    fail("found ", part.width(), "x", part.height(), ", expected ", clip_.width, "x", clip_.height,
         " as in the rest of the clip");
  }
  std::vector<std::byte>& out = frame.layers.of(layer);
  const std::size_t row_bytes = part.row(0).size();
  out.resize(row_bytes * static_cast<std::size_t>(part.height()));
  for (int y = 0; y < part.height(); ++y) {
    std::memcpy(out.data() + static_cast<std::size_t>(y) * row_bytes, part.row(y).data(),
                row_bytes);
  }
}

bool FrameFeed::add_video_frame(Layer layer, FrameSource& source, FedFrame& frame) const {
  Image<std::uint8_t> image;
  if (!source.next(image)) return false;
  within(clip_.layers.at(layer).files.front().string(),
         [&] { store(layer, image, frame, Piece::kWhole); });
  frame.row.time_s = source.frame_time_s();
  frame.row.name = source.frame_name();
  return true;
}

std::map<std::string, std::string> FrameFeed::video_notes() const {
  std::map<std::string, std::string> notes;
  for (const auto& [layer, source] : videos_) add_notes(layer, source->info().notes, notes);
  return notes;
}

std::optional<FedFrame> FrameFeed::begin(int t) {
  FedFrame frame;
  const bool pictures = videos_.size() < clip_.layers.size();
  const bool over = clip_.frames > 0 && t == clip_.frames;
  std::vector<Layer> ended;
  // From the last layer to the first, so that names and times are those of lq where it is a video.
  for (auto it = videos_.rbegin(); it != videos_.rend(); ++it) {
    if (!add_video_frame(it->first, *it->second, frame)) ended.push_back(it->first);
  }
  if (!ended.empty() && (ended.size() < videos_.size() || (pictures && !over))) {
    fail(clip_.layers.at(ended.front()).files.front().string(), ": ended after ",
         counted(t, "frame"), ", before the other layers");
  }
  if (over && ended.size() < videos_.size()) {
    fail(clip_.layers.at(videos_.begin()->first).files.front().string(),
         ": has more frames than the ", clip_.frames,
         pictures ? " of the other layers" : " that it declares");
  }
  if (over || !ended.empty()) return std::nullopt;
  const auto row = static_cast<std::size_t>(t);
  if (row < clip_.frame_names.size()) frame.row.name = clip_.frame_names[row];
  return frame;
}

void FrameFeed::complete(int t, FedFrame& frame) const {
  const auto row = static_cast<std::size_t>(t);
  const std::vector<int>& shared = clip_.gt_index;
  Image<std::uint8_t> image;
  MediaNotes notes;
  fs::path decoded;
  ColorWanted decoded_as = ColorWanted::kRgb;
  for (const auto& [layer, source] : clip_.layers) {
    if (source.video) continue;
    const bool indexed = layer == Layer::kGt && !shared.empty();
    if (indexed && t > 0 && shared[row] == shared[row - 1]) continue;
    const fs::path& file = source.files[indexed ? static_cast<std::size_t>(shared[row]) : row];
    // Two halves of one picture are decoded once.
    if (file != decoded || color_of(layer) != decoded_as) {
      notes.clear();
      image = read_still(file, color_of(layer), &notes);
      decoded = file;
      decoded_as = color_of(layer);
    }
    add_notes(layer, notes, frame.notes);
    const Piece piece = source.piece;
    within(file.string(), [&] { store(layer, image, frame, piece); });
  }
}

}  // namespace pluvia
