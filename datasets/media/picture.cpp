// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/picture.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace pluvia {
namespace {

// Notes of a folder whose files all differ must not grow with it.
constexpr std::size_t kMaxNoteLength = 240;

Image<std::uint8_t> grey_to_rgb(const Image<std::uint8_t>& grey) {
  Image<std::uint8_t> rgb(grey.height(), grey.width(), 3);
  std::uint8_t* out = rgb.pixels().data();
  for (const std::uint8_t value : grey.pixels()) {
    out[0] = out[1] = out[2] = value;
    out += 3;
  }
  return rgb;
}

Image<std::uint8_t> equal_channels_to_grey(const Image<std::uint8_t>& rgb) {
  Image<std::uint8_t> grey(rgb.height(), rgb.width(), 1);
  const ImageView<const std::uint8_t> from = rgb.view();
  for (int y = 0; y < rgb.height(); ++y) {
    const std::uint8_t* pixel = from.row(y).data();
    std::uint8_t* out = grey.view().row(y).data();
    for (int x = 0; x < rgb.width(); ++x, pixel += 3) {
      if (pixel[0] != pixel[1] || pixel[1] != pixel[2]) {
        fail("holds colour: pixel (x ", x, ", y ", y, ") is ", int{pixel[0]}, ",", int{pixel[1]},
             ",", int{pixel[2]}, ", expected equal channels because a grey picture is wanted here;",
             " convert it to grey first");
      }
      out[x] = pixel[0];
    }
  }
  return grey;
}

}  // namespace

void check_picture_size(std::int64_t height, std::int64_t width) {
  if (height < 1 || width < 1) fail("declares a size of ", width, "x", height, " pixels");
  if (height > kMaxSidePx || width > kMaxSidePx || height * width > kMaxPixels) {
    fail("declares ", width, "x", height, " pixels, expected at most ", kMaxSidePx, " a side and ",
         kMaxPixels, " in all");
  }
}

Orientation orientation_of_exif(int value) {
  switch (value) {
    case 2:
      return {false, true, false};
    case 3:
      return {false, true, true};
    case 4:
      return {false, false, true};
    case 5:
      return {true, false, false};
    case 6:
      return {true, true, false};
    case 7:
      return {true, true, true};
    case 8:
      return {true, false, true};
    default:
      return {};
  }
}

std::string to_text(const Orientation& o) {
  if (o.transpose) {
    if (o.flip_x && o.flip_y) return "mirrored along the second diagonal";
    if (o.flip_x) return "rotated 90 degrees clockwise";
    if (o.flip_y) return "rotated 90 degrees counter-clockwise";
    return "mirrored along the main diagonal";
  }
  if (o.flip_x && o.flip_y) return "rotated 180 degrees";
  if (o.flip_x) return "mirrored left to right";
  return o.flip_y ? "mirrored top to bottom" : "as stored";
}

StillSize oriented(StillSize size, const Orientation& orientation) {
  if (orientation.transpose) std::swap(size.height, size.width);
  return size;
}

Image<std::uint8_t> oriented(Image<std::uint8_t> image, const Orientation& orientation) {
  if (orientation.identity()) return image;
  const StillSize size = oriented(StillSize{image.height(), image.width()}, orientation);
  const int channels = image.channels();
  Image<std::uint8_t> out(size.height, size.width, channels);
  const ImageView<const std::uint8_t> from = std::as_const(image).view();
  for (int y = 0; y < size.height; ++y) {
    const int a = orientation.flip_y ? size.height - 1 - y : y;
    std::uint8_t* to = out.view().row(y).data();
    for (int x = 0; x < size.width; ++x, to += channels) {
      const int b = orientation.flip_x ? size.width - 1 - x : x;
      const std::uint8_t* pixel = orientation.transpose ? &from.at(b, a) : &from.at(a, b);
      std::copy_n(pixel, channels, to);
    }
  }
  return out;
}

Image<std::uint8_t> to_wanted(Image<std::uint8_t> image, ColorWanted wanted) {
  PLUVIA_CHECK(image.channels() == 1 || image.channels() == 3, image.channels());
  const int channels = wanted == ColorWanted::kRgb ? 3 : 1;
  if (image.channels() == channels) return image;
  return channels == 3 ? grey_to_rgb(image) : equal_channels_to_grey(image);
}

void merge_notes(MediaNotes& notes, const MediaNotes& more) {
  for (const auto& [key, text] : more) {
    const auto [entry, added] = notes.emplace(key, text);
    if (added || entry->second.find(text) != std::string::npos) continue;
    if (entry->second.size() + text.size() <= kMaxNoteLength) entry->second += " | " + text;
  }
}

}  // namespace pluvia
