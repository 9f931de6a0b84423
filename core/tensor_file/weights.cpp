// SPDX-License-Identifier: Apache-2.0
// read_weights: which format a file has, by its first bytes, and for what people save by mistake in
// its place a line that says so.
#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/tensor_file/npz.h"
#include "core/tensor_file/safetensors.h"
#include "core/tensor_file/tensors.h"
#include "core/tensor_file/torch_file.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::uint64_t kLimitBytes = 64ULL << 30;

bool begins(std::string_view text, std::string_view with) { return text.starts_with(with); }

// What is no weights file of any kind, by name; returns for all others.
void refuse_known_mistakes(std::string_view bytes, const std::string& place) {
  if (bytes.empty()) fail(place, ": an empty file, expected weights; download or save it again");
  if (begins(bytes, "version https://git-lfs")) {
    fail(place, ": a git-LFS pointer, not the weights themselves; run git lfs pull");
  }
  std::string_view text = bytes.substr(0, 512);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), text.size()));
  const std::string start = lower(text.substr(0, 16));
  if (begins(start, "<!doctype") || begins(start, "<html") || begins(start, "<?xml")) {
    fail(place, ": a web page saved in place of weights; download the file itself");
  }
  if (begins(bytes, "\x89HDF\r\n")) {
    fail(place, ": an HDF5 file, expected weights as .safetensors, .pth or .npz");
  }
  if (begins(bytes, "\x1F\x8B") || begins(bytes, "7z\xBC\xAF") || begins(bytes, "Rar!") ||
      begins(bytes,
             "\xFD"
             "7zXZ") ||
      begins(bytes, "BZh") || begins(bytes, "\x28\xB5\x2F\xFD")) {
    fail(place, ": a compressed file; unpack it and name the weights in it");
  }
  if (begins(bytes, "\x93NUMPY")) {
    fail(place, ": a .npy file holds one array without a name, expected weights as .npz");
  }
}

NamedTensors from_arrays(NpzArrays arrays) {
  NamedTensors tensors;
  for (auto& [name, array] : arrays) {
    tensors.emplace_back(
        name, Tensor{std::move(array.dtype), std::move(array.shape), std::move(array.data)});
  }
  return tensors;
}

NamedTensors parse_archive(std::span<const std::byte> bytes, const std::string& place) {
  const ZipReader archive(bytes, place);
  std::vector<std::string> names;
  bool arrays = !archive.members().empty();
  for (const ZipMember& member : archive.members()) {
    if (member.name.ends_with("data.pkl")) return parse_torch_file(bytes, place);
    arrays = arrays && member.name.ends_with(".npy");
    names.push_back(one_line(member.name));
  }
  if (arrays) return from_arrays(parse_npz(bytes, place));
  fail(place, ": a zip archive that is neither PyTorch's nor numpy's (in it: ", list_some(names, 4),
       "); unpack it and name the weights in it");
}

}  // namespace

NamedTensors read_weights(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_bytes(path, kLimitBytes);
  const std::string place = path.string();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  refuse_known_mistakes(text, place);
  if (begins(text, "PK\x03\x04") || begins(text, "PK\x05\x06")) return parse_archive(bytes, place);
  if (looks_like_safetensors(bytes) || path.extension() == ".safetensors") {
    return parse_safetensors(bytes, place).tensors;
  }
  constexpr std::size_t kTarMark = 257;
  const bool tar = text.size() > kTarMark && begins(text.substr(kTarMark), "ustar");
  if (begins(text, "\x80") || tar) return parse_torch_file(bytes, place);
  fail(place, ": not weights: expected .safetensors, PyTorch's .pth or .pt, or .npz");
}

}  // namespace pluvia
