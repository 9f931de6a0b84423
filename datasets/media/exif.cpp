// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/exif.h"

#include <optional>

namespace pluvia {
namespace {

constexpr std::uint32_t kSubfileTag = 0x00FE;
constexpr std::uint32_t kCompressionTag = 0x0103;
constexpr std::uint32_t kPhotometricTag = 0x0106;
constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kSampleFormatTag = 0x0153;
constexpr std::uint32_t kReferenceTag = 0x0214;
constexpr std::uint32_t kShortType = 3;
constexpr std::uint32_t kLongType = 4;
constexpr std::size_t kEntryBytes = 12;
constexpr int kMostDirectories = 64;

class TiffBytes {
 public:
  TiffBytes(std::span<const std::byte> data, bool big_endian)
      : data_(data), big_endian_(big_endian) {}

  std::optional<std::uint32_t> number(std::size_t offset, std::size_t bytes) const {
    if (offset > data_.size() || bytes > data_.size() - offset) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::size_t at = big_endian_ ? offset + i : offset + bytes - 1 - i;
      value = (value << 8U) | std::to_integer<std::uint32_t>(data_[at]);
    }
    return value;
  }

 private:
  std::span<const std::byte> data_;
  bool big_endian_;
};

/// One list of tags. A malformed one has no tags and nothing behind it.
class Directory {
 public:
  Directory(const TiffBytes& bytes, std::size_t offset)
      : bytes_(bytes), offset_(offset), count_(bytes.number(offset, 2).value_or(0)) {}

  /// The first value of a tag of whole numbers.
  std::optional<std::uint32_t> value(std::uint32_t tag) const {
    const auto entry = find(tag);
    if (!entry) return std::nullopt;
    const auto type = bytes_.number(*entry + 2, 2);
    if (type != kShortType && type != kLongType) return std::nullopt;
    const std::size_t bytes = type == kShortType ? 2 : 4;
    const auto values = bytes_.number(*entry + 4, 4);
    // What does not fit into four bytes lies elsewhere.
    const bool here = values && *values <= 4 / bytes;
    const auto at = here ? std::optional<std::uint32_t>(*entry + 8) : bytes_.number(*entry + 8, 4);
    return at ? bytes_.number(*at, bytes) : std::nullopt;
  }

  /// The first of a tag's fractions, rounded down.
  std::optional<std::uint32_t> fraction(std::uint32_t tag) const {
    const auto entry = find(tag);
    const auto at = entry ? bytes_.number(*entry + 8, 4) : std::nullopt;
    const auto above = at ? bytes_.number(*at, 4) : std::nullopt;
    const auto below = at ? bytes_.number(std::size_t{*at} + 4, 4) : std::nullopt;
    if (!above || !below || *below == 0) return std::nullopt;
    return *above / *below;
  }

  std::size_t next() const {
    return bytes_.number(offset_ + 2 + count_ * kEntryBytes, 4).value_or(0);
  }

 private:
  std::optional<std::uint32_t> find(std::uint32_t tag) const {
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t entry = offset_ + 2 + i * kEntryBytes;
      const auto found = bytes_.number(entry, 2);
      if (!found) return std::nullopt;
      if (*found == tag) return static_cast<std::uint32_t>(entry);
    }
    return std::nullopt;
  }

  const TiffBytes& bytes_;
  std::size_t offset_;
  std::size_t count_;
};

struct Start {
  TiffBytes bytes;
  std::size_t directory;
};

std::optional<Start> start_of(std::span<const std::byte> tiff) {
  if (tiff.size() < 8 || tiff[0] != tiff[1]) return std::nullopt;
  if (tiff[0] != std::byte{'I'} && tiff[0] != std::byte{'M'}) return std::nullopt;
  const TiffBytes bytes(tiff, tiff[0] == std::byte{'M'});
  const auto directory = bytes.number(4, 4);
  if (bytes.number(2, 2) != 42U || !directory) return std::nullopt;
  return Start{bytes, *directory};
}

/// Bit 0: a smaller copy of another picture; bit 2: a mask.
bool is_picture(const Directory& directory) {
  constexpr std::uint32_t kCopyOrMask = 1U | 4U;
  return (directory.value(kSubfileTag).value_or(0) & kCopyOrMask) == 0;
}

}  // namespace

Orientation read_exif_orientation(std::span<const std::byte> tiff) {
  const auto start = start_of(tiff);
  if (!start) return {};
  const auto value = Directory(start->bytes, start->directory).value(kOrientationTag);
  return value ? orientation_of_exif(static_cast<int>(*value & 0xFFFFU)) : Orientation{};
}

TiffFacts read_tiff_facts(std::span<const std::byte> tiff) {
  TiffFacts facts;
  const auto start = start_of(tiff);
  if (!start) return facts;
  const Directory first(start->bytes, start->directory);
  facts.compression = first.value(kCompressionTag).value_or(1);
  facts.photometric = first.value(kPhotometricTag).value_or(0);
  facts.sample_format = first.value(kSampleFormatTag).value_or(1);
  facts.black = first.fraction(kReferenceTag).value_or(0);
  std::size_t at = first.next();
  for (int i = 0; i < kMostDirectories && at != 0; ++i) {
    const Directory further(start->bytes, at);
    facts.further_picture = facts.further_picture || is_picture(further);
    at = further.next();
  }
  return facts;
}

}  // namespace pluvia
