// SPDX-License-Identifier: Apache-2.0
// The door between Pluvia and libpluvia_video.so, the only part that links libav. libav brings 130
// libraries and 50 ms to every start, so the module is opened when the first video is.
//
// Both sides come from one build; the version refuses a module left behind by another one.
#pragma once

#include "datasets/media/frame_source.h"
#include "datasets/media/video_writer.h"

namespace pluvia {

/// Still formats that libav decodes for us.
enum class OtherStill : std::uint8_t { kBmp, kTiff, kWebp };

struct VideoModule {
  int version;
  std::unique_ptr<FrameSource> (*open)(const std::filesystem::path& path, ColorWanted wanted);
  /// 1 or 3 channels, already upright. Errors do not name the file.
  Image<std::uint8_t> (*decode_still)(std::span<const std::byte> data, OtherStill format,
                                      MediaNotes& notes);
  std::unique_ptr<VideoWriter> (*create)(const std::filesystem::path& path,
                                         const VideoFormat& format);
};

/// Raised with every change of VideoModule or of a type it hands over.
inline constexpr int kVideoModuleVersion = 2;

/// Loads the module at the first call; an Error when this build has none.
const VideoModule& video_module();

}  // namespace pluvia

/// The one name that the module exports.
extern "C" const pluvia::VideoModule* pluvia_video_module();
