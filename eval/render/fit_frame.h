// SPDX-License-Identifier: Apache-2.0
// Footage brought to the size that was asked for: the largest centred part of the frame with the
// wanted shape, then every pixel the mean of the area it covers (or, enlarging, bilinear). In code
// values, as ffmpeg and OpenCV scale; in integers, so the same on every machine.
#pragma once

#include <cstdint>

#include "core/image.h"

namespace pluvia {

Image<std::uint8_t> fit_frame(ImageView<const std::uint8_t> frame, int height, int width);

}  // namespace pluvia
