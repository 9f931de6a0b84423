// SPDX-License-Identifier: Apache-2.0
// Frames one after the other from a video file or a folder of pictures, always 8-bit RGB or grey.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/image.h"
#include "datasets/media/stills.h"

namespace pluvia {

struct SourceInfo {
  int frames = 0;         ///< 0: not known before the end (some videos)
  int likely_frames = 0;  ///< by the duration that the file states, for plans; 0: unknown
  int height = 0;
  int width = 0;
  double fps = 0;  ///< 0: unknown (folders)
  MediaNotes notes;
};

class FrameSource {
 public:
  virtual ~FrameSource() = default;
  /// Notes may grow while frames are read.
  virtual const SourceInfo& info() const = 0;
  /// The next frame in presentation order, or false after the last. A frame of another size, a
  /// damaged or truncated file are Errors that name the frame.
  virtual bool next(Image<std::uint8_t>& frame) = 0;
  /// Of the frame that `next` gave last.
  virtual std::string frame_name() const = 0;
  virtual double frame_time_s() const = 0;
};

/// Opens a video file, or a folder whose pictures are its frames in natural order.
std::unique_ptr<FrameSource> open_frames(const std::filesystem::path& path, ColorWanted wanted);
/// The given pictures in the given order.
std::unique_ptr<FrameSource> open_frame_list(std::vector<std::filesystem::path> files,
                                             ColorWanted wanted);

/// True for names that end like a video (.mp4, .mkv, .mov, .avi, .webm, ...).
bool is_video_name(const std::filesystem::path& path);

/// Pictures in a folder in natural order.
std::vector<std::filesystem::path> all_stills(const std::filesystem::path& folder);
/// The same; an Error when two of them have the same frame number.
std::vector<std::filesystem::path> list_stills(const std::filesystem::path& folder);

}  // namespace pluvia
