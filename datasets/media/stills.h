// SPDX-License-Identifier: Apache-2.0
// Single pictures in and out: PNG and JPEG directly, other formats through the video module.
//
// Whatever the file holds (grey, palette, 16 bit, alpha, EXIF orientation), what comes out is 8-bit
// RGB or grey in display values; everything that was assumed or lost on the way is written down.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/image.h"

namespace pluvia {

/// What a reader assumed or changed, for provenance: {"bit_depth": "16 reduced to 8"}.
using MediaNotes = std::map<std::string, std::string>;

/// The note "alpha" of a file that has it and lets nothing through: nothing is lost.
inline constexpr const char* kOpaqueAlpha = "opaque";
/// Of the notes those that move a score: bits and alpha that were dropped.
bool is_loss(const std::string& key, const std::string& note);

enum class ColorWanted { kRgb, kGrey };

struct StillSize {
  int height = 0;
  int width = 0;
};

/// Size after orientation, from the header alone.
StillSize probe_still(const std::filesystem::path& path);

/// `notes` may be null. Grey wanted from a colour file: accepted only when its channels are equal.
Image<std::uint8_t> read_still(const std::filesystem::path& path, ColorWanted wanted,
                               MediaNotes* notes);

/// An Error where read_still would give one, sooner: plain PNG files, wanted in colour, are whole
/// when their check sums are right. `notes` as above.
void check_still(const std::filesystem::path& path, ColorWanted wanted, MediaNotes* notes);

/// Of the notes those that are losses, a line each with the file's name.
std::vector<std::string> lines_of_loss(const std::filesystem::path& path, const MediaNotes& notes);

/// A PNG of one channel of 16 bits, samples as stored: depth maps.
Image<std::uint16_t> read_png_16_bits(const std::filesystem::path& path);

/// 8-bit PNG, 1 or 3 channels. Written under a temporary name, then renamed.
void write_png(const std::filesystem::path& path, ImageView<const std::uint8_t> image);
std::vector<std::byte> encode_png(ImageView<const std::uint8_t> image);
/// For previews only: never a ground truth. `quality` 1..100.
std::vector<std::byte> encode_jpeg(ImageView<const std::uint8_t> image, int quality);

/// True for names that end like a picture this program reads (.png, .jpg, .jpeg, .bmp, .tif, ...).
bool is_still_name(const std::filesystem::path& path);

}  // namespace pluvia
