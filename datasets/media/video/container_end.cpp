// SPDX-License-Identifier: Apache-2.0
// ISO/IEC 14496-12 section 4.2 (boxes), RFC 8794 sections 5-6 (EBML), the OpenDML AVI extensions.
#include "datasets/media/video/container_end.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/file.h"

namespace pluvia {
namespace {

// Fragmented films have a box or two a second; more than this is not worth walking.
constexpr int kMaxBoxes = 1'000'000;

class Bytes {
 public:
  explicit Bytes(const fs::path& path)
      : path_(path), file_(Fd::open_read(path)), size_(file_size(file_, path)) {}

  std::uint64_t size() const { return size_; }
  bool has(std::uint64_t offset, std::uint64_t count) const {
    return offset <= size_ && count <= size_ - offset;
  }
  std::uint64_t big_endian(std::uint64_t offset, std::size_t count) const {
    std::uint64_t value = 0;
    for (const unsigned char c : text(offset, count)) value = (value << 8U) | c;
    return value;
  }
  std::uint64_t little_endian32(std::uint64_t offset) const {
    std::string bytes = text(offset, 4);
    std::uint64_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::string text(std::uint64_t offset, std::size_t count) const {
    std::string bytes(count, '\0');
    read_exact(file_, path_, offset, std::as_writable_bytes(std::span(bytes)));
    return bytes;
  }

 private:
  const fs::path& path_;
  Fd file_;
  std::uint64_t size_;
};

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  return b > limit - a ? limit : a + b;
}

bool is_box_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == ' ';
  });
}

std::uint64_t end_of_boxes(const Bytes& bytes) {
  std::uint64_t offset = 0;
  for (int i = 0; i < kMaxBoxes && bytes.has(offset, 8); ++i) {
    // Behind the last box some programs leave notes of their own.
    if (!is_box_name(bytes.text(offset + 4, 4))) return offset;
    std::uint64_t length = bytes.big_endian(offset, 4);
    if (length == 0) return bytes.size();
    if (length == 1) {
      if (!bytes.has(offset, 16)) return add(offset, 16);
      length = bytes.big_endian(offset + 8, 8);
    }
    if (length < 8) return offset;
    offset = add(offset, length);
    if (offset > bytes.size()) return offset;
  }
  return offset;
}

// An EBML length: the number of leading zero bits tells its bytes; all ones means "not known".
std::optional<std::uint64_t> ebml_length(const Bytes& bytes, std::uint64_t offset,
                                         std::uint64_t& after) {
  const auto first = static_cast<std::uint8_t>(bytes.big_endian(offset, 1));
  const auto count = static_cast<std::size_t>(std::countl_zero(first)) + 1;
  if (count > 8 || !bytes.has(offset, count)) return std::nullopt;
  const std::uint64_t mask = (std::uint64_t{1} << (7 * count)) - 1;
  const std::uint64_t value = bytes.big_endian(offset, count) & mask;
  after = offset + count;
  if (value == mask) return std::nullopt;
  return value;
}

std::uint64_t end_of_segment(const Bytes& bytes) {
  std::uint64_t after = 0;
  const auto header = ebml_length(bytes, 4, after);
  if (!header || !bytes.has(add(after, *header), 5)) return 0;
  const std::uint64_t segment = after + *header;
  if (bytes.big_endian(segment, 4) != 0x18538067) return 0;
  const auto length = ebml_length(bytes, segment + 4, after);
  return length ? add(after, *length) : 0;
}

std::uint64_t end_of_riff(const Bytes& bytes) {
  std::uint64_t offset = 0;
  while (bytes.has(offset, 12) && bytes.text(offset, 4) == "RIFF") {
    const std::uint64_t length = bytes.little_endian32(offset + 4);
    if (length == 0) return 0;
    offset += 8 + length + length % 2;
  }
  // The pad byte of an odd last chunk is often left out.
  return offset == bytes.size() + 1 ? bytes.size() : offset;
}

std::uint64_t declared_end(const Bytes& bytes) {
  if (!bytes.has(0, 12)) return 0;
  static constexpr std::array<std::string_view, 8> kFirstBoxes = {"ftyp", "moov", "mdat", "wide",
                                                                  "free", "skip", "styp", "pnot"};
  const std::string start = bytes.text(0, 12);
  const std::string_view box = std::string_view(start).substr(4, 4);
  if (std::find(kFirstBoxes.begin(), kFirstBoxes.end(), box) != kFirstBoxes.end()) {
    return end_of_boxes(bytes);
  }
  if (start.starts_with("\x1A\x45\xDF\xA3")) return end_of_segment(bytes);
  if (start.starts_with("RIFF") && start.ends_with("AVI ")) return end_of_riff(bytes);
  return 0;
}

}  // namespace

void refuse_cut_container(const fs::path& path) {
  const Bytes bytes(path);
  const std::uint64_t end = declared_end(bytes);
  if (end <= bytes.size()) return;
  fail("is cut short: it has ", bytes.size(), " bytes, its container needs ", end,
       "; copy or download it again");
}

}  // namespace pluvia
