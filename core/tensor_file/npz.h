// SPDX-License-Identifier: Apache-2.0
// NumPy's .npz files: zip archives (core/tensor_file/zip.h) of .npy members, stored or deflated,
// with zip64 sizes, which numpy always writes.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/tensor_file/npy.h"
#include "core/tensor_file/zip.h"

namespace pluvia {

/// Arrays by name, without the ".npy" that the members carry.
using NpzArrays = std::map<std::string, NpyArray>;

NpzArrays parse_npz(std::span<const std::byte> bytes, const std::string& place);
NpzArrays read_npz(const std::filesystem::path& path, std::uint64_t limit_bytes = 64ULL << 30);

using NpzPacking = ZipPacking;

/// Refuses members of 4 GB and more: store those as .npy files of their own.
std::vector<std::byte> encode_npz(const NpzArrays& arrays, NpzPacking packing);
void write_npz(const std::filesystem::path& path, const NpzArrays& arrays, NpzPacking packing);

}  // namespace pluvia
