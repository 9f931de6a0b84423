// SPDX-License-Identifier: Apache-2.0
// A look at a set: a PNG contact sheet, a self-contained HTML page, or an MP4 of all layers side by
// side. For people's eyes; nothing here is exact.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/image.h"
#include "datasets/store/set_reader.h"

namespace pluvia {

struct PreviewOptions {
  std::vector<std::string> clips;  ///< empty: the first `max_clips`, spread over the set
  int max_clips = 12;
  int frames = 5;   ///< per clip, evenly spread (HTML); PNG shows the middle one
  int width = 320;  ///< of one picture in pixels
  bool force = false;
};

/// The kind follows from the name's end: .png, .html or .mp4.
void write_preview(const std::filesystem::path& set, const std::filesystem::path& out,
                   const PreviewOptions& options);

/// Clips that a preview of at most `most` shows: spread evenly, first and last among them.
std::vector<std::string> choose_clips(const SetInfo& info, const PreviewOptions& options);
/// `count` frame numbers spread evenly over a clip.
std::vector<int> choose_frames(int frames, int count);
/// One layer of one frame as a person can see it: depth and flow are scaled, streaks kept as they
/// are.
Image<std::uint8_t> visible_layer(const ClipReader& clip, Layer layer, int frame, int width);

void write_contact_sheet(const SetReader& set, const std::filesystem::path& out,
                         const PreviewOptions& options);
void write_preview_page(const SetReader& set, const std::filesystem::path& out,
                        const PreviewOptions& options);
void write_preview_video(const SetReader& set, const std::filesystem::path& out,
                         const PreviewOptions& options);

}  // namespace pluvia
