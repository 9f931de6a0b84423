// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files, versions 1 to 3 (numpy.lib.format, NEP 1). Numbers only: arrays of objects
// are pickled Python and are refused, nothing in a file is ever executed. Whatever byte order and
// memory order the file has, arrays come out little-endian and in C order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace pluvia {

struct NpyArray {
  std::string dtype;  ///< numpy's short name: "f4", "u1", "b1", ...
  std::vector<std::int64_t> shape;
  std::vector<std::byte> data;

  std::int64_t count() const;
  /// Elements as T, whose size must be the dtype's.
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data.data()), data.size() / sizeof(T)};
  }
};

/// Bytes of one element, or 0 for a dtype that is not one of b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8.
std::size_t npy_item_bytes(const std::string& dtype);

/// What a file says before its data.
struct NpyHead {
  std::string dtype;  ///< as NpyArray's
  std::vector<std::int64_t> shape;
  bool big_endian = false;
  bool fortran_order = false;
  std::size_t data_offset = 0;
  std::uint64_t data_bytes = 0;
};

/// Longest head that a file may have; `bytes` need hold no more of it.
inline constexpr std::size_t kMostNpyHeadBytes = (1 << 16) + 12;
NpyHead parse_npy_head(std::span<const std::byte> bytes, const std::string& place);

/// `place` names the bytes in errors. All of them must belong to the array.
NpyArray parse_npy(std::span<const std::byte> bytes, const std::string& place);
NpyArray read_npy(const std::filesystem::path& path, std::uint64_t limit_bytes = 64ULL << 30);

/// The head alone, padded to at least `least_bytes`: who does not know the first size yet leaves
/// room, and writes it again at the end.
std::string encode_npy_head(const std::string& dtype, const std::vector<std::int64_t>& shape,
                            std::size_t least_bytes = 0);
/// As numpy.save writes it: version 1, data aligned to 64 bytes.
std::vector<std::byte> encode_npy(const NpyArray& array);
void write_npy(const std::filesystem::path& path, const NpyArray& array);

/// An array that holds a copy of `values`.
template <typename T>
NpyArray make_npy(std::string dtype, std::vector<std::int64_t> shape, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  return {std::move(dtype), std::move(shape), {bytes.begin(), bytes.end()}};
}

}  // namespace pluvia
