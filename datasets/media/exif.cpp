// SPDX-License-Identifier: Apache-2.0
#include "datasets/media/exif.h"

#include <cstdint>
#include <optional>

namespace pluvia {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShortType = 3;
constexpr std::size_t kEntryBytes = 12;

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

}  // namespace

Orientation read_exif_orientation(std::span<const std::byte> tiff) {
  if (tiff.size() < 8 || tiff[0] != tiff[1]) return {};
  if (tiff[0] != std::byte{'I'} && tiff[0] != std::byte{'M'}) return {};
  const TiffBytes bytes(tiff, tiff[0] == std::byte{'M'});
  const auto magic = bytes.number(2, 2);
  const auto directory = bytes.number(4, 4);
  if (magic != 42U || !directory) return {};
  const auto count = bytes.number(*directory, 2);
  if (!count) return {};
  for (std::size_t i = 0; i < *count; ++i) {
    const std::size_t entry = std::size_t{*directory} + 2 + i * kEntryBytes;
    const auto tag = bytes.number(entry, 2);
    const auto type = bytes.number(entry + 2, 2);
    const auto value = bytes.number(entry + 8, 2);
    if (!tag || !type || !value) return {};
    if (*tag == kOrientationTag && *type == kShortType) {
      return orientation_of_exif(static_cast<int>(*value));
    }
  }
  return {};
}

}  // namespace pluvia
