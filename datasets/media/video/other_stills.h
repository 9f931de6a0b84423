// SPDX-License-Identifier: Apache-2.0
// BMP, TIFF and WebP pictures through libavcodec's decoders.
#pragma once

#include "datasets/media/video/module.h"

namespace pluvia {

Image<std::uint8_t> decode_other_still(std::span<const std::byte> data, OtherStill format,
                                       MediaNotes& notes);

}  // namespace pluvia
