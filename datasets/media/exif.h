// SPDX-License-Identifier: Apache-2.0
// The one EXIF field that changes pixels: orientation (tag 0x0112 of the first directory, EXIF 2.32
// section 4.6.4). The structure is TIFF 6.0's, so the same code reads TIFF files.
#pragma once

#include <cstddef>
#include <span>

#include "datasets/media/picture.h"

namespace pluvia {

/// `tiff` starts at the byte order mark ("II" or "MM"). Whatever is malformed means "as stored".
Orientation read_exif_orientation(std::span<const std::byte> tiff);

}  // namespace pluvia
