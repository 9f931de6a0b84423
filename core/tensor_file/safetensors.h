// SPDX-License-Identifier: Apache-2.0
// Hugging Face's .safetensors: the length of the header as u64 (little-endian), the header as JSON,
// the tensors' bytes.
//
//   {"__metadata__": {"key": "text", ...},
//    "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ...}
//
// Offsets count from the end of the header; tensors cover the rest of the file without holes or
// overlaps. Files come from elsewhere: all of that is checked before anything is read. Stricter
// than the format's own reader in one thing: a header has at most 32 MB (theirs: 100 MB).
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/tensor_file/tensors.h"

namespace pluvia {

struct Safetensors {
  NamedTensors tensors;  ///< in the order of the header
  std::map<std::string, std::string> metadata;
};

/// Whether the bytes begin like such a file, whole or not.
bool looks_like_safetensors(std::span<const std::byte> bytes);

/// `place` names the bytes in errors.
Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& place);
Safetensors read_safetensors(const std::filesystem::path& path,
                             std::uint64_t limit_bytes = 64ULL << 30);

/// The header lists the tensors in their order; their bytes lie by falling element size, so that
/// each is aligned. Equal tensors and metadata give equal bytes.
/// What the header says beside the tensors, without reading them; nothing for files of other kinds.
std::map<std::string, std::string> safetensors_metadata(const std::filesystem::path& path);

std::string encode_safetensors(const NamedTensors& tensors,
                               const std::map<std::string, std::string>& metadata = {});
/// Whole or not at all.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace pluvia
