// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/zip.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::uint32_t kLocalMark = 0x04034B50;
constexpr std::uint32_t kCentralMark = 0x02014B50;
constexpr std::uint32_t kEndMark = 0x06054B50;
constexpr std::uint32_t kEnd64Mark = 0x06064B50;
constexpr std::uint32_t kLocator64Mark = 0x07064B50;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kMostMembers = 1 << 20;
constexpr std::size_t kMostWritten = 65535;

/// Little-endian numbers at checked offsets.
class Bytes {
 public:
  Bytes(std::span<const std::byte> bytes, const std::string& place)
      : bytes_(bytes), place_(place) {}

  std::span<const std::byte> part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      fail(place_, ": damaged zip archive: ", size, " bytes at ", offset, " in a file of ",
           bytes_.size());
    }
    return bytes_.subspan(offset, size);
  }
  std::uint64_t number(std::uint64_t offset, std::size_t size) const {
    std::uint64_t value = 0;
    const auto data = part(offset, size);
    for (std::size_t i = size; i-- > 0;)
      value = value << 8 | std::to_integer<std::uint64_t>(data[i]);
    return value;
  }
  std::uint64_t u16(std::uint64_t offset) const { return number(offset, 2); }
  std::uint64_t u32(std::uint64_t offset) const { return number(offset, 4); }
  std::uint64_t u64(std::uint64_t offset) const { return number(offset, 8); }
  std::string text(std::uint64_t offset, std::uint64_t size) const {
    const auto data = part(offset, size);
    return {reinterpret_cast<const char*>(data.data()), data.size()};
  }
  std::size_t size() const { return bytes_.size(); }
  const std::string& place() const { return place_; }

 private:
  std::span<const std::byte> bytes_;
  const std::string& place_;
};

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t members = 0;
};

Directory find_directory(const Bytes& file) {
  if (file.size() < kEndBytes) {
    fail(file.place(), ": a zip archive cut off after ", file.size(), " bytes; download it again");
  }
  // The end record is last, but for a comment of at most 65535 bytes.
  const std::size_t last = file.size() - kEndBytes;
  for (std::size_t back = 0; back <= std::min<std::size_t>(last, 65535); ++back) {
    const std::size_t at = last - back;
    if (file.u32(at) != kEndMark || file.u16(at + 20) != back) continue;
    Directory directory{file.u32(at + 16), file.u16(at + 10)};
    if (directory.offset == kIn64 || directory.members == 0xFFFF) {
      if (at < 20 || file.u32(at - 20) != kLocator64Mark) break;
      const std::uint64_t end64 = file.u64(at - 20 + 8);
      if (file.u32(end64) != kEnd64Mark) break;
      directory = {file.u64(end64 + 48), file.u64(end64 + 32)};
    }
    if (directory.members > kMostMembers) {
      fail(file.place(), ": ", directory.members, " members, expected at most ", kMostMembers);
    }
    return directory;
  }
  fail(file.place(),
       ": a zip archive that is cut off (no directory at its end); download or save it again");
}

// Sizes that do not fit into 32 bits follow, in this order, in extra field 1.
void read_zip64(const Bytes& file, std::uint64_t at, std::uint64_t size, ZipMember& member) {
  const std::uint64_t end = at + size;
  while (at + 4 <= end) {
    const std::uint64_t id = file.u16(at);
    const std::uint64_t length = file.u16(at + 2);
    std::uint64_t field = at + 4;
    at = field + length;
    if (id != 1 || at > end) continue;
    for (std::uint64_t* value : {&member.bytes, &member.packed_bytes, &member.local_offset}) {
      if (*value != kIn64 || field + 8 > at) continue;
      *value = file.u64(field);
      field += 8;
    }
  }
}

ZipMember read_member(const Bytes& file, std::uint64_t& at) {
  if (file.u32(at) != kCentralMark) {
    fail(file.place(), ": damaged zip archive: no directory entry at byte ", at);
  }
  ZipMember member;
  member.flags = file.u16(at + 8);
  member.method = file.u16(at + 10);
  member.crc = file.u32(at + 16);
  member.packed_bytes = file.u32(at + 20);
  member.bytes = file.u32(at + 24);
  member.local_offset = file.u32(at + 42);
  const std::uint64_t name_size = file.u16(at + 28);
  const std::uint64_t extra_size = file.u16(at + 30);
  member.name = file.text(at + 46, name_size);
  read_zip64(file, at + 46 + name_size, extra_size, member);
  at += 46 + name_size + extra_size + file.u16(at + 32);
  return member;
}

std::vector<std::byte> inflate(std::span<const std::byte> packed, const ZipMember& member) {
  if (member.bytes / kMostDeflateRatio > packed.size()) {
    fail("declares ", member.bytes, " bytes packed into ", packed.size(), ", more than can be");
  }
  std::vector<std::byte> out(member.bytes);
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> codec(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (codec == nullptr) throw std::bad_alloc();
  if (libdeflate_deflate_decompress(codec.get(), packed.data(), packed.size(), out.data(),
                                    out.size(), nullptr) != LIBDEFLATE_SUCCESS) {
    fail("its deflated data is damaged");
  }
  return out;
}

void put(std::string& out, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, value >>= 8) out += static_cast<char>(value & 0xFF);
}

std::string deflate(std::span<const std::byte> data) {
  constexpr int kLevel = 6;
  const std::unique_ptr<libdeflate_compressor, decltype(&libdeflate_free_compressor)> codec(
      libdeflate_alloc_compressor(kLevel), &libdeflate_free_compressor);
  if (codec == nullptr) throw std::bad_alloc();
  std::string out(libdeflate_deflate_compress_bound(codec.get(), data.size()), '\0');
  out.resize(
      libdeflate_deflate_compress(codec.get(), data.data(), data.size(), out.data(), out.size()));
  return out;
}

// The fields that local headers and directory entries share. The date is zip's first, so that
// equal members give equal files.
std::string shared_fields(const ZipMember& member) {
  constexpr std::uint64_t kFirstDate = 0x21;
  constexpr std::uint64_t kUtf8Names = 1 << 11;
  std::string out;
  for (const std::uint64_t value :
       {std::uint64_t{20}, kUtf8Names, member.method, std::uint64_t{0}, kFirstDate}) {
    put(out, value, 2);
  }
  for (const std::uint64_t value : {member.crc, member.packed_bytes, member.bytes}) {
    put(out, value, 4);
  }
  put(out, member.name.size(), 2);
  put(out, 0, 2);
  return out;
}

}  // namespace

ZipReader::ZipReader(std::span<const std::byte> bytes, std::string place)
    : bytes_(bytes), place_(std::move(place)) {
  const Bytes file(bytes_, place_);
  const Directory directory = find_directory(file);
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.members; ++i) members_.push_back(read_member(file, at));
  refuse_overlaps();
}

void ZipReader::refuse_overlaps() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const ZipMember& member : members_) {
    const std::uint64_t size = kLocalBytes + member.packed_bytes;
    if (member.packed_bytes > bytes_.size() || size > bytes_.size() ||
        member.local_offset > bytes_.size() - size) {
      fail(place_, ": damaged zip archive: member '", one_line(member.name),
           "' lies outside the file of ", bytes_.size(), " bytes");
    }
    ranges.emplace_back(member.local_offset, member.local_offset + size);
  }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) {
      fail(place_, ": damaged zip archive: two members share the bytes at ", ranges[i].first);
    }
  }
}

std::span<const std::byte> ZipReader::member_data(const ZipMember& member) const {
  const Bytes file(bytes_, place_);
  if (file.u32(member.local_offset) != kLocalMark) fail("its header is not where it should be");
  const std::uint64_t start = member.local_offset + kLocalBytes +
                              file.u16(member.local_offset + 26) +
                              file.u16(member.local_offset + 28);
  return file.part(start, member.packed_bytes);
}

ZipData ZipReader::read(const ZipMember& member) const {
  if ((member.flags & 1) != 0) fail("is encrypted; save it without a password");
  if (member.method != 0 && member.method != 8) {
    fail("is packed by method ", member.method, ", expected 0 (stored) or 8 (deflated)");
  }
  ZipData data;
  data.view = member_data(member);
  if (member.method == 8) {
    data.unpacked = inflate(data.view, member);
    data.view = data.unpacked;
  }
  if (data.view.size() != member.bytes) {
    fail("holds ", data.view.size(), " bytes, declares ", member.bytes);
  }
  if (libdeflate_crc32(0, data.view.data(), data.view.size()) != member.crc) {
    fail("its check sum is wrong");
  }
  return data;
}

void ZipWriter::add(const std::string& name, std::span<const std::byte> data, ZipPacking packing) {
  ZipMember member{name,        0,          packing == ZipPacking::kDeflated ? 8U : 0U, 0, 0,
                   data.size(), out_.size()};
  const std::string packed =
      packing == ZipPacking::kDeflated
          ? deflate(data)
          : std::string(reinterpret_cast<const char*>(data.data()), data.size());
  member.crc = libdeflate_crc32(0, data.data(), data.size());
  member.packed_bytes = packed.size();
  if (std::max(member.bytes, out_.size() + packed.size()) >= kIn64 - 65536) {
    fail("'", name, "' would make a zip archive of 4 GB or more; write its members as files");
  }
  put(out_, kLocalMark, 4);
  out_ += shared_fields(member) + member.name + packed;
  put(directory_, kCentralMark, 4);
  put(directory_, 20, 2);
  directory_ += shared_fields(member);
  put(directory_, 0, 2 + 2 + 2 + 4);  // no comment, disk 0, no attributes
  put(directory_, member.local_offset, 4);
  directory_ += member.name;
  ++members_;
  PLUVIA_CHECK(members_ < kMostWritten, members_);
}

std::vector<std::byte> ZipWriter::finish() {
  const std::size_t directory_offset = out_.size();
  out_ += directory_;
  put(out_, kEndMark, 4);
  put(out_, 0, 4);
  put(out_, members_, 2);
  put(out_, members_, 2);
  put(out_, directory_.size(), 4);
  put(out_, directory_offset, 4);
  put(out_, 0, 2);
  const auto bytes = std::as_bytes(std::span(out_));
  return {bytes.begin(), bytes.end()};
}

}  // namespace pluvia
