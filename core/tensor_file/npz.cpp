// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/npz.h"

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace pluvia {
namespace {

std::string array_name(const std::string& member) {
  constexpr std::string_view kSuffix = ".npy";
  if (!member.ends_with(kSuffix)) fail("member '", one_line(member), "' is no .npy array");
  return member.substr(0, member.size() - kSuffix.size());
}

/// Arrays of one value pack a thousandfold, which small files may; weights never do.
void refuse_bomb(const ZipReader& archive, std::uint64_t bytes, const std::string& place) {
  constexpr std::uint64_t kMostRatio = 64;
  constexpr std::uint64_t kAlwaysAllowed = 256U << 20;
  std::uint64_t left = kMostRatio * bytes + kAlwaysAllowed;
  for (const ZipMember& member : archive.members()) {
    if (member.bytes / kMostDeflateRatio > member.packed_bytes) continue;  // refused when read
    if (member.bytes > left) {
      fail(place, ": a zip archive that unpacks to more than ", kMostRatio, " times its size");
    }
    left -= member.bytes;
  }
}

}  // namespace

NpzArrays parse_npz(std::span<const std::byte> bytes, const std::string& place) {
  const ZipReader archive(bytes, place);
  refuse_bomb(archive, bytes.size(), place);
  NpzArrays arrays;
  for (const ZipMember& member : archive.members()) {
    const std::string label = place + ": array '" + one_line(member.name) + "'";
    NpyArray array =
        within(label, [&] { return parse_npy(archive.read(member).view, "its data"); });
    const std::string name = within(place, [&] { return array_name(member.name); });
    if (!arrays.emplace(name, std::move(array)).second) fail(label, " is there twice");
  }
  return arrays;
}

NpzArrays read_npz(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return parse_npz(read_bytes(path, limit_bytes), path.string());
}

std::vector<std::byte> encode_npz(const NpzArrays& arrays, NpzPacking packing) {
  ZipWriter archive;
  for (const auto& [name, array] : arrays) archive.add(name + ".npy", encode_npy(array), packing);
  return archive.finish();
}

void write_npz(const std::filesystem::path& path, const NpzArrays& arrays, NpzPacking packing) {
  const std::vector<std::byte> bytes = encode_npz(arrays, packing);
  write_text(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace pluvia
