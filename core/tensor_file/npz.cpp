// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/npz.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/error.h"
#include "core/file.h"

namespace pluvia {
namespace {

constexpr std::uint32_t kLocalMark = 0x04034B50;
constexpr std::uint32_t kCentralMark = 0x02014B50;
constexpr std::uint32_t kEndMark = 0x06054B50;
constexpr std::uint32_t kEnd64Mark = 0x06064B50;
constexpr std::uint32_t kLocator64Mark = 0x07064B50;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kMostMembers = 65535;
constexpr std::uint64_t kMostRatio = 1032;  // what deflate can reach

/// Little-endian numbers at checked offsets.
class Bytes {
 public:
  Bytes(std::span<const std::byte> bytes, const std::string& place)
      : bytes_(bytes), place_(place) {}

  std::span<const std::byte> part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      fail(place_, ": damaged .npz: ", size, " bytes at ", offset, " in a file of ", bytes_.size());
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

struct Member {
  std::string name;
  std::uint64_t flags = 0;
  std::uint64_t method = 0;
  std::uint64_t crc = 0;
  std::uint64_t packed_bytes = 0;
  std::uint64_t bytes = 0;
  std::uint64_t local_offset = 0;
};

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t members = 0;
};

Directory find_directory(const Bytes& file) {
  if (file.size() < kEndBytes) fail(file.place(), ": too short for a .npz file");
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
  fail(file.place(), ": not a .npz file, or one that is cut off (no zip directory at its end)");
}

// Sizes that do not fit into 32 bits follow, in this order, in extra field 1.
void read_zip64(const Bytes& file, std::uint64_t at, std::uint64_t size, Member& member) {
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

Member read_member(const Bytes& file, std::uint64_t& at) {
  if (file.u32(at) != kCentralMark) {
    fail(file.place(), ": damaged .npz: no directory entry at byte ", at);
  }
  Member member;
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

std::vector<std::byte> inflate(std::span<const std::byte> packed, const Member& member) {
  if (member.bytes / kMostRatio > packed.size()) {
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

NpyArray read_array(const Bytes& file, const Member& member, const std::string& place) {
  if ((member.flags & 1) != 0) fail("is encrypted; save it without a password");
  if (member.method != 0 && member.method != 8) {
    fail("is packed by method ", member.method, ", expected 0 (stored) or 8 (deflated)");
  }
  if (file.u32(member.local_offset) != kLocalMark) fail("its header is not where it should be");
  const std::uint64_t start = member.local_offset + 30 + file.u16(member.local_offset + 26) +
                              file.u16(member.local_offset + 28);
  const std::span<const std::byte> packed = file.part(start, member.packed_bytes);
  std::vector<std::byte> unpacked;
  std::span<const std::byte> data = packed;
  if (member.method == 8) {
    unpacked = inflate(packed, member);
    data = unpacked;
  }
  if (data.size() != member.bytes) fail("holds ", data.size(), " bytes, declares ", member.bytes);
  if (libdeflate_crc32(0, data.data(), data.size()) != member.crc) fail("its check sum is wrong");
  return parse_npy(data, place);
}

std::string array_name(const std::string& member) {
  constexpr std::string_view kSuffix = ".npy";
  if (!member.ends_with(kSuffix)) fail("member '", member, "' is no .npy array");
  return member.substr(0, member.size() - kSuffix.size());
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
// equal arrays give equal files.
std::string shared_fields(const Member& member) {
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

NpzArrays parse_npz(std::span<const std::byte> bytes, const std::string& place) {
  const Bytes file(bytes, place);
  const Directory directory = find_directory(file);
  NpzArrays arrays;
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.members; ++i) {
    const Member member = read_member(file, at);
    const std::string label = place + ": array '" + member.name + "'";
    NpyArray array = within(label, [&] { return read_array(file, member, "its data"); });
    const std::string name = within(place, [&] { return array_name(member.name); });
    if (!arrays.emplace(name, std::move(array)).second) fail(label, " is there twice");
  }
  return arrays;
}

NpzArrays read_npz(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return parse_npz(read_bytes(path, limit_bytes), path.string());
}

std::vector<std::byte> encode_npz(const NpzArrays& arrays, NpzPacking packing) {
  std::string out;
  std::string directory;
  for (const auto& [name, array] : arrays) {
    const std::vector<std::byte> data = encode_npy(array);
    Member member{name + ".npy", 0,         packing == NpzPacking::kDeflated ? 8U : 0U, 0, 0,
                  data.size(),   out.size()};
    const std::string packed =
        packing == NpzPacking::kDeflated
            ? deflate(data)
            : std::string(reinterpret_cast<const char*>(data.data()), data.size());
    member.crc = libdeflate_crc32(0, data.data(), data.size());
    member.packed_bytes = packed.size();
    if (std::max(member.bytes, out.size() + packed.size()) >= kIn64 - 65536) {
      fail("array '", name, "': a .npz file of 4 GB or more; write .npy files instead");
    }
    put(out, kLocalMark, 4);
    out += shared_fields(member) + member.name + packed;
    put(directory, kCentralMark, 4);
    put(directory, 20, 2);
    directory += shared_fields(member);
    put(directory, 0, 2 + 2 + 2 + 4);  // no comment, disk 0, no attributes
    put(directory, member.local_offset, 4);
    directory += member.name;
  }
  PLUVIA_CHECK(arrays.size() < kMostMembers, arrays.size());
  const std::size_t directory_offset = out.size();
  out += directory;
  put(out, kEndMark, 4);
  put(out, 0, 4);
  put(out, arrays.size(), 2);
  put(out, arrays.size(), 2);
  put(out, directory.size(), 4);
  put(out, directory_offset, 4);
  put(out, 0, 2);
  const auto bytes = std::as_bytes(std::span(out));
  return {bytes.begin(), bytes.end()};
}

void write_npz(const std::filesystem::path& path, const NpzArrays& arrays, NpzPacking packing) {
  const std::vector<std::byte> bytes = encode_npz(arrays, packing);
  write_text(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace pluvia
