// SPDX-License-Identifier: Apache-2.0
// Videos out: previews and derained footage. RGB frames in; the file appears whole or not at all.
//
// .mp4 and .mov: H.264 by libx264 (MPEG-4 part 2 where that is missing), BT.709 limited range,
// 4:2:0 (4:4:4 where a side is odd, which 4:2:0 H.264 cannot say): lossy, never a ground truth.
// .mkv and .avi: FFV1, lossless RGB with a check sum in every slice.
#pragma once

#include <filesystem>
#include <memory>

#include "core/image.h"

namespace pluvia {

struct VideoFormat {
  int height = 0;
  int width = 0;
  double fps = 0;
  /// x264's constant rate factor (0..51, smaller is better); lossless formats ignore it.
  int crf = 16;
};

class VideoWriter {
 public:
  /// Without finish(), nothing is left behind.
  virtual ~VideoWriter() = default;
  /// The next frame: 3 channels, or 1 that is replicated.
  virtual void add(ImageView<const std::uint8_t> frame) = 0;
  /// Writes what is pending and gives the file its name.
  virtual void finish() = 0;
};

/// The extension chooses the format; an unknown one is a usage Error.
std::unique_ptr<VideoWriter> create_video(const std::filesystem::path& path,
                                          const VideoFormat& format);

}  // namespace pluvia
