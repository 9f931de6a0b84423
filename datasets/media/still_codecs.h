// SPDX-License-Identifier: Apache-2.0
// The decoders behind read_still, one per library. Each throws an Error without the file's name
// (the caller puts it in front) and gives 1 or 3 channels as stored, before orientation.
#pragma once

#include <filesystem>

#include "datasets/media/picture.h"

namespace pluvia {

struct StillHeader {
  StillSize size;  ///< as stored
  Orientation orientation;
};

struct DecodedStill {
  Image<std::uint8_t> image;
  Orientation orientation;
};

StillHeader read_png_header(const std::filesystem::path& path);
DecodedStill decode_png(const std::filesystem::path& path, MediaNotes& notes);

StillHeader read_jpeg_header(const std::filesystem::path& path);
DecodedStill decode_jpeg(const std::filesystem::path& path, MediaNotes& notes);

}  // namespace pluvia
