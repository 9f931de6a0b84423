// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/video/module.h"

#include "datasets/media/video/encoder.h"
#include "datasets/media/video/other_stills.h"
#include "datasets/media/video/video_source.h"

namespace pluvia {
namespace {

std::unique_ptr<FrameSource> open(const std::filesystem::path& path, ColorWanted wanted) {
  return std::make_unique<VideoSource>(path, wanted);
}

std::unique_ptr<VideoWriter> create(const std::filesystem::path& path, const VideoFormat& format) {
  return make_video_writer(path, format);
}

constexpr VideoModule kModule = {kVideoModuleVersion, open, decode_other_still, create};

}  // namespace
}  // namespace pluvia

extern "C" __attribute__((visibility("default"))) const pluvia::VideoModule* pluvia_video_module() {
  pluvia::silence_libav();
  return &pluvia::kModule;
}
