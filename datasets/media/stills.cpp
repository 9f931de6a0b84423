// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/stills.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "datasets/media/byte_reader.h"
#include "datasets/media/plain_png.h"
#include "datasets/media/still_codecs.h"
#include "datasets/media/video/module.h"

namespace pluvia {
namespace {

enum class Format : std::uint8_t { kPng, kJpeg, kBmp, kTiff, kWebp };

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 30;
constexpr std::size_t kSniffBytes = 12;

std::optional<Format> format_of(std::string_view start) {
  using std::string_view_literals::operator""sv;
  if (start.starts_with("\x89PNG\r\n\x1a\n"sv)) return Format::kPng;
  if (start.starts_with("\xFF\xD8\xFF"sv)) return Format::kJpeg;
  if (start.starts_with("BM"sv)) return Format::kBmp;
  if (start.starts_with("II*\0"sv) || start.starts_with("MM\0*"sv)) return Format::kTiff;
  if (start.starts_with("RIFF"sv) && start.ends_with("WEBP"sv)) return Format::kWebp;
  return std::nullopt;
}

// By content, not by name: a JPEG named .png is read as what it is.
Format identify(const fs::path& path) {
  const Fd file = Fd::open_read(path);
  const std::uint64_t size = file_size(file, path);
  if (size == 0) fail(path.string(), ": the file is empty (0 bytes), expected a picture");
  std::string start(std::min<std::uint64_t>(size, kSniffBytes), '\0');
  read_exact(file, path, 0, std::as_writable_bytes(std::span(start)));
  if (const auto format = format_of(start)) return *format;
  fail(path.string(),
       ": not a picture that Pluvia reads: its first bytes are not those of PNG, JPEG, ",
       "BMP, TIFF or WebP");
}

OtherStill other(Format format) {
  if (format == Format::kBmp) return OtherStill::kBmp;
  return format == Format::kTiff ? OtherStill::kTiff : OtherStill::kWebp;
}

Image<std::uint8_t> read_by_libav(const fs::path& path, Format format, MediaNotes& notes) {
  const std::vector<std::byte> data = read_bytes(path, kMaxFileBytes);
  return video_module().decode_still(data, other(format), notes);
}

Image<std::uint8_t> read_upright(const fs::path& path, Format format, MediaNotes& notes) {
  if (format != Format::kPng && format != Format::kJpeg) return read_by_libav(path, format, notes);
  if (format == Format::kPng) {
    if (std::optional<Image<std::uint8_t>> plain = decode_plain_png(path)) {
      return std::move(*plain);
    }
  }
  DecodedStill still = format == Format::kPng ? decode_png(path, notes) : decode_jpeg(path, notes);
  if (!still.orientation.identity()) {
    notes["orientation"] = "EXIF: " + to_text(still.orientation) + " to be upright";
  }
  return oriented(std::move(still.image), still.orientation);
}

}  // namespace

StillSize probe_still(const fs::path& path) {
  const Format format = identify(path);
  return within(path.string(), [&]() -> StillSize {
    if (format != Format::kPng && format != Format::kJpeg) {
      MediaNotes unused;
      const Image<std::uint8_t> image = read_by_libav(path, format, unused);
      return {image.height(), image.width()};
    }
    const StillHeader header =
        format == Format::kPng ? read_png_header(path) : read_jpeg_header(path);
    return oriented(header.size, header.orientation);
  });
}

Image<std::uint8_t> read_still(const fs::path& path, ColorWanted wanted, MediaNotes* notes) {
  const Format format = identify(path);
  return within(path.string(), [&] {
    MediaNotes found;
    Image<std::uint8_t> image = to_wanted(read_upright(path, format, found), wanted);
    if (notes != nullptr) merge_notes(*notes, found);
    return image;
  });
}

void check_still(const fs::path& path, ColorWanted wanted, MediaNotes* notes) {
  const bool sums_do = wanted == ColorWanted::kRgb && identify(path) == Format::kPng;
  if (sums_do && is_whole_plain_png(path)) return;
  read_still(path, wanted, notes);
}

bool is_loss(const std::string& key, const std::string& note) {
  return key == "bit_depth" || (key == "alpha" && note != kOpaqueAlpha);
}

std::vector<std::string> lines_of_loss(const fs::path& path, const MediaNotes& notes) {
  std::vector<std::string> lines;
  for (const auto& [key, note] : notes) {
    if (is_loss(key, note)) lines.push_back(cat(path.string(), ": ", key, ": ", note));
  }
  return lines;
}

bool is_still_name(const fs::path& path) {
  static constexpr std::array<std::string_view, 8> kEndings = {".png", ".jpg",  ".jpeg", ".bmp",
                                                               ".tif", ".tiff", ".webp", ".jpe"};
  const std::string ending = lower(path.extension().string());
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

}  // namespace pluvia
