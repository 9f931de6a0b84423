// SPDX-License-Identifier: Apache-2.0
// ISO/IEC 14496-12 section 4.2 (boxes), RFC 8794 sections 5-6 (EBML), the OpenDML AVI extensions,
// Adobe's FLV 10.1 annex E, RFC 3533 (Ogg), ISO/IEC 13818-1 (transport streams).
#include "datasets/media/video/container_end.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
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

// FLV: tags of eleven bytes, their contents, and four bytes that say their length again.
std::uint64_t end_of_tags(const Bytes& bytes) {
  constexpr std::uint64_t kTagHeader = 11;
  constexpr std::uint64_t kBackLength = 4;
  std::uint64_t offset = bytes.big_endian(5, 4) + kBackLength;
  while (offset < bytes.size()) {
    if (!bytes.has(offset, kTagHeader)) return offset + kTagHeader;
    const std::uint64_t kind = bytes.big_endian(offset, 1) & 0x1FU;
    if (kind != 8 && kind != 9 && kind != 18) return offset;  // behind the last tag
    offset += kTagHeader + bytes.big_endian(offset + 1, 3) + kBackLength;
  }
  return offset;
}

// Ogg (RFC 3533): every stream in it ends with a page that says so.
std::uint64_t end_of_pages(const Bytes& bytes) {
  constexpr std::uint64_t kPageHeader = 27;
  constexpr std::uint64_t kLastPage = 4;
  std::set<std::uint64_t> open;
  std::uint64_t offset = 0;
  for (int i = 0; i < kMaxBoxes && offset < bytes.size(); ++i) {
    if (!bytes.has(offset, kPageHeader)) return offset + kPageHeader;
    if (bytes.text(offset, 4) != "OggS") return offset;
    const std::uint64_t stream = bytes.big_endian(offset + 14, 4);
    if ((bytes.big_endian(offset + 5, 1) & kLastPage) != 0) {
      open.erase(stream);
    } else {
      open.insert(stream);
    }
    const std::uint64_t segments = bytes.big_endian(offset + 26, 1);
    offset += kPageHeader + segments;
    if (offset > bytes.size()) return offset;
    for (const unsigned char length : bytes.text(offset - segments, segments)) offset += length;
  }
  return open.empty() || offset < bytes.size() ? offset : bytes.size() + kPageHeader;
}

// MPEG-TS: packets of 188 bytes, in .m2ts with four bytes before each.
std::uint64_t end_of_packets(const Bytes& bytes) {
  constexpr std::uint64_t kPacket = 188;
  for (const std::uint64_t before : {std::uint64_t{0}, std::uint64_t{4}}) {
    const std::uint64_t step = kPacket + before;
    bool found = true;
    for (std::uint64_t i = 0; i < 3; ++i) {
      found =
          found && bytes.has(i * step + before, 1) && bytes.text(i * step + before, 1) == "\x47";
    }
    if (found) return (bytes.size() + step - 1) / step * step;
  }
  return 0;
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
  if (start.starts_with("FLV\x01")) return end_of_tags(bytes);
  if (start.starts_with("OggS")) return end_of_pages(bytes);
  return end_of_packets(bytes);
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
