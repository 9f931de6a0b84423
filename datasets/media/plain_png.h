// SPDX-License-Identifier: Apache-2.0
// The PNG files that data sets are made of, fast: 8-bit grey or RGB, not interlaced, without
// anything that changes or explains colours. Inflated by libdeflate in one go; libpng's zlib takes
// most of the time of scoring a folder.
//
// All or nothing: whatever is not perfectly plain and whole is left to png_reader.cpp, which knows
// every kind and says what is wrong with damaged ones. So a picture comes from here only if libpng
// would give the same one without a note.
#pragma once

#include <filesystem>
#include <optional>

#include "core/image.h"

namespace pluvia {

std::optional<Image<std::uint8_t>> decode_plain_png(const std::filesystem::path& path);

/// Whether it is plain and all its check sums are right, which takes a fraction of decoding it.
/// What escapes is a file whose writer packed its pixels wrongly.
bool is_whole_plain_png(const std::filesystem::path& path);

}  // namespace pluvia
