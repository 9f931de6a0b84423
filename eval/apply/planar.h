// SPDX-License-Identifier: Apache-2.0
// Between pictures as they are stored (8 bits, interleaved) and as methods take them (float,
// planar).
#pragma once

#include <cstdint>
#include <vector>

#include "core/image.h"

namespace pluvia {

/// One frame, planar (C, H, W), 0 to 1.
struct PlanarFrame {
  int channels = 3;
  int height = 0;
  int width = 0;
  std::vector<float> values;
};

/// Appends the three planes of an RGB picture, code / 255.
void append_planar(const Image<std::uint8_t>& image, std::vector<float>& to);

enum class ToCode : std::uint8_t { kRoundHalfEven, kTruncate };

/// `channels` planes from `first` on (1 or 3), as pictures are saved: clamped to 0..1, times 255,
/// rounded half to even or cut off. An Error names frame `t` when a value is not finite.
Image<std::uint8_t> to_codes(const PlanarFrame& frame, int first, int channels, ToCode rule, int t);

}  // namespace pluvia
