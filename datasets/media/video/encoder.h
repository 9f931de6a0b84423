// SPDX-License-Identifier: Apache-2.0
// The libav side of video_writer.h.
#pragma once

#include "datasets/media/video_writer.h"

namespace pluvia {

std::unique_ptr<VideoWriter> make_video_writer(const std::filesystem::path& path,
                                               const VideoFormat& format);

}  // namespace pluvia
