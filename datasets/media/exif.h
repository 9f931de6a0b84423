// SPDX-License-Identifier: Apache-2.0
// The one EXIF field that changes pixels: orientation (tag 0x0112 of the first directory, EXIF 2.32
// section 4.6.4). The structure is TIFF 6.0's, so the same code reads TIFF files, of which a few
// more tags tell what their decoder would get wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "datasets/media/picture.h"

namespace pluvia {

/// `tiff` starts at the byte order mark ("II" or "MM"). Whatever is malformed means "as stored".
Orientation read_exif_orientation(std::span<const std::byte> tiff);

/// Values of TIFF 6.0; those of its defaults where the file does not say.
struct TiffFacts {
  std::uint32_t compression = 1;
  std::uint32_t photometric = 0;
  std::uint32_t sample_format = 1;
  std::uint32_t black = 0;  ///< of luma, ReferenceBlackWhite
  bool further_picture = false;
};

TiffFacts read_tiff_facts(std::span<const std::byte> tiff);

}  // namespace pluvia
