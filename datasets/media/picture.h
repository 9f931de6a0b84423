// SPDX-License-Identifier: Apache-2.0
// What every picture and video reader shares: size limits, orientation, 16 bits to 8, colour to
// grey, and the merging of notes. Compiled into both pluvia_media and the video module.
#pragma once

#include <cstdint>

#include "core/image.h"
#include "datasets/media/stills.h"

namespace pluvia {

/// Twice 8K a side, four times its area: more is taken for a damaged or hostile header.
inline constexpr std::int64_t kMaxSidePx = 16384;
inline constexpr std::int64_t kMaxPixels = std::int64_t{1} << 27;

/// An Error when a header declares an empty or absurdly large picture.
void check_picture_size(std::int64_t height, std::int64_t width);

/// How stored pixels become the picture that is looked at: transposed first, then mirrored.
struct Orientation {
  bool transpose = false;
  bool flip_x = false;
  bool flip_y = false;

  bool identity() const { return !transpose && !flip_x && !flip_y; }
};

/// EXIF tag 0x0112 (1..8); any other value counts as 1, as in every viewer.
Orientation orientation_of_exif(int value);
/// "rotated 90 degrees clockwise", "mirrored left to right", ...
std::string to_text(const Orientation& orientation);
StillSize oriented(StillSize size, const Orientation& orientation);
Image<std::uint8_t> oriented(Image<std::uint8_t> image, const Orientation& orientation);

/// round(v / 257): the 8-bit value whose 16-bit form (v * 257) is nearest.
inline std::uint8_t reduce_to_8_bits(unsigned value) {
  return static_cast<std::uint8_t>((value + 128U) / 257U);
}

/// Brings a picture of 1 or 3 channels to the wanted number. Colour to grey only when the channels
/// are equal everywhere: which of them carries a mask cannot be guessed.
Image<std::uint8_t> to_wanted(Image<std::uint8_t> image, ColorWanted wanted);

/// Adds `more` to `notes`; a second, different value of a key is appended behind " | ".
void merge_notes(MediaNotes& notes, const MediaNotes& more);

}  // namespace pluvia
