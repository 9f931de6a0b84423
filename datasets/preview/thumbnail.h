// SPDX-License-Identifier: Apache-2.0
// Small pictures for people: shrinking, grey to RGB, a lettering of 5x9 dots.
#pragma once

#include <cstdint>
#include <string>

#include "core/image.h"

namespace pluvia {

/// What shrink_to_width makes of a picture: its height.
int shrunk_height(int height, int width, int to_width);
/// Area average of a 1- or 3-channel picture; never enlarges. The result has 3 channels.
Image<std::uint8_t> shrink_to_width(ImageView<const std::uint8_t> image, int width);

/// Copies `from` into `to` at (y, x); parts outside are cut off.
void paste(ImageView<const std::uint8_t> from, ImageView<std::uint8_t> to, int y, int x);

struct Rgb {
  std::uint8_t r = 0;
  std::uint8_t g = 0;
  std::uint8_t b = 0;
};

/// Letters, digits and the signs of file names; others are drawn as a box. 6 x 9 dots a letter.
void draw_text(ImageView<std::uint8_t> to, int y, int x, const std::string& text, Rgb color,
               int dot);
/// Width of draw_text's result in pixels.
int text_width(const std::string& text, int dot);

}  // namespace pluvia
