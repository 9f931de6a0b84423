// SPDX-License-Identifier: Apache-2.0
// MATLAB's .mat files of level 5 ("MAT-File Format", save -v6 and -v7): real numeric arrays of any
// shape, plain or compressed, either byte order. Everything else in a file (text, cells, structs,
// sparse and complex arrays, objects) is passed over. Files come from elsewhere: every size is
// checked, nothing is executed. Level 7.3 is HDF5 and is refused with advice.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "core/tensor_file/npy.h"

namespace pluvia {

/// Arrays by name, as doubles ("f8") in C order.
using MatArrays = std::map<std::string, NpyArray>;

MatArrays parse_mat(std::span<const std::byte> bytes, const std::string& place);
MatArrays read_mat(const std::filesystem::path& path, std::uint64_t limit_bytes = 1ULL << 30);

}  // namespace pluvia
