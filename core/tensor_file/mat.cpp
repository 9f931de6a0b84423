// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/mat.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>

#include "core/error.h"
#include "core/file.h"

namespace pluvia {
namespace {

constexpr std::size_t kHeaderBytes = 128;
constexpr std::uint32_t kMatrix = 14;
constexpr std::uint32_t kCompressed = 15;
constexpr std::size_t kMostDimensions = 16;
constexpr std::uint64_t kMostElements = 1U << 27;
constexpr std::uint64_t kMostInflated = 1ULL << 30;
constexpr std::uint64_t kMostRatio = 1032;  // what deflate can reach

/// A cursor over tagged elements in one byte order.
class Reader {
 public:
  Reader(std::span<const std::byte> bytes, bool big_endian, const std::string& place)
      : bytes_(bytes), big_endian_(big_endian), place_(place) {}

  bool done() const { return at_ >= bytes_.size(); }
  bool big_endian() const { return big_endian_; }
  const std::string& place() const { return place_; }

  template <typename T>
  T number(std::span<const std::byte> data, std::size_t index) const {
    PLUVIA_CHECK((index + 1) * sizeof(T) <= data.size(), index);
    std::array<std::byte, sizeof(T)> raw;
    std::memcpy(raw.data(), data.data() + index * sizeof(T), sizeof(T));
    if (big_endian_) std::reverse(raw.begin(), raw.end());
    return std::bit_cast<T>(raw);
  }

  struct Element {
    std::uint32_t type = 0;
    std::span<const std::byte> data;
  };

  /// The next element; small ones keep their data in the tag. Padding to 8 bytes is passed over,
  /// except behind compressed elements, which have none.
  Element next() {
    const std::uint32_t word = number<std::uint32_t>(take(4), 0);
    if (word >> 16 != 0) {
      const std::size_t size = word >> 16;
      const auto data = take(4);
      if (size > 4) fail(place_, ": damaged .mat: a small element of ", size, " bytes");
      return {word & 0xFFFF, data.first(size)};
    }
    const std::size_t size = number<std::uint32_t>(take(4), 0);
    const Element element{word, take(size)};
    if (word != kCompressed) at_ = std::min(bytes_.size(), (at_ + 7) / 8 * 8);
    return element;
  }

 private:
  std::span<const std::byte> take(std::size_t size) {
    if (at_ > bytes_.size() || size > bytes_.size() - at_) {
      fail(place_, ": damaged or cut off .mat: ", size, " bytes at ", at_, " of ", bytes_.size());
    }
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }

  std::span<const std::byte> bytes_;
  bool big_endian_;
  const std::string& place_;
  std::size_t at_ = 0;
};

// Data types of the format; 0 bytes: not a number.
std::size_t item_bytes(std::uint32_t type) {
  constexpr std::array<std::size_t, 14> kBytes = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
  return type < kBytes.size() ? kBytes[type] : 0;
}

double value_at(const Reader& reader, const Reader::Element& element, std::size_t i) {
  const auto& data = element.data;
  switch (element.type) {
    case 1:
      return reader.number<std::int8_t>(data, i);
    case 2:
      return reader.number<std::uint8_t>(data, i);
    case 3:
      return reader.number<std::int16_t>(data, i);
    case 4:
      return reader.number<std::uint16_t>(data, i);
    case 5:
      return reader.number<std::int32_t>(data, i);
    case 6:
      return reader.number<std::uint32_t>(data, i);
    case 7:
      return static_cast<double>(reader.number<float>(data, i));
    case 9:
      return reader.number<double>(data, i);
    case 12:
      return static_cast<double>(reader.number<std::int64_t>(data, i));
    default:
      return static_cast<double>(reader.number<std::uint64_t>(data, i));
  }
}

std::vector<std::int64_t> dimensions_of(const Reader& reader, const Reader::Element& element) {
  const std::size_t count = element.data.size() / 4;
  if (element.type != 5 || count < 2 || count > kMostDimensions) {
    fail("damaged dimensions");
  }
  std::vector<std::int64_t> shape;
  std::uint64_t total = 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int32_t n = reader.number<std::int32_t>(element.data, i);
    if (n < 0) fail("a dimension of ", n);
    total *= static_cast<std::uint64_t>(n);
    if (total > kMostElements) fail("more than ", kMostElements, " elements");
    shape.push_back(n);
  }
  return shape;
}

// Column-major, as stored, to row-major.
NpyArray in_c_order(const std::vector<double>& columns, const std::vector<std::int64_t>& shape) {
  std::vector<double> rows(columns.size());
  std::vector<std::int64_t> index(shape.size(), 0);
  for (const double value : columns) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < shape.size(); ++d) at = at * shape[d] + index[d];
    rows[static_cast<std::size_t>(at)] = value;
    for (std::size_t d = 0; d < shape.size() && ++index[d] == shape[d]; ++d) index[d] = 0;
  }
  return make_npy<double>("f8", shape, rows);
}

struct Named {
  std::string name;
  NpyArray array;
};

// Nothing for what is not a real numeric array.
std::optional<Named> matrix_of(Reader reader) {
  const Reader::Element flags = reader.next();
  if (flags.type != 6 || flags.data.size() != 8) fail("damaged array flags");
  const std::uint32_t word = reader.number<std::uint32_t>(flags.data, 0);
  const std::uint32_t kind = word & 0xFF;
  const bool is_complex = (word & 0x0800) != 0;
  if (kind < 6 || kind > 15 || is_complex) return std::nullopt;
  const std::vector<std::int64_t> shape = dimensions_of(reader, reader.next());
  const Reader::Element name = reader.next();
  const Reader::Element data = reader.next();
  std::uint64_t count = 1;
  for (const std::int64_t n : shape) count *= static_cast<std::uint64_t>(n);
  const std::size_t bytes = item_bytes(data.type);
  if (bytes == 0) fail("holds numbers of unknown type ", data.type);
  if (data.data.size() != count * bytes) {
    fail("holds ", data.data.size(), " bytes, its shape needs ", count * bytes);
  }
  std::vector<double> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = value_at(reader, data, i);
  return Named{{reinterpret_cast<const char*>(name.data.data()), name.data.size()},
               in_c_order(values, shape)};
}

std::vector<std::byte> inflate(std::span<const std::byte> packed) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> codec(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (codec == nullptr) throw std::bad_alloc();
  // The size is not stored: tried with more and more room, up to what deflate can reach.
  const std::uint64_t most =
      std::min<std::uint64_t>(kMostInflated, packed.size() * kMostRatio + 64);
  for (std::uint64_t room = packed.size() * 4 + 1024;; room *= 4) {
    std::vector<std::byte> out(std::min(room, most));
    std::size_t size = 0;
    const libdeflate_result result = libdeflate_zlib_decompress(
        codec.get(), packed.data(), packed.size(), out.data(), out.size(), &size);
    if (result == LIBDEFLATE_SUCCESS) {
      out.resize(size);
      return out;
    }
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE || room >= most) fail("damaged compressed data");
  }
}

void add_elements(Reader reader, bool may_be_compressed, MatArrays& arrays) {
  while (!reader.done()) {
    const Reader::Element element = reader.next();
    if (element.type == kCompressed && may_be_compressed) {
      const std::vector<std::byte> unpacked =
          within(reader.place(), [&] { return inflate(element.data); });
      add_elements(Reader(unpacked, reader.big_endian(), reader.place()), false, arrays);
    } else if (element.type == kMatrix) {
      const auto named = within(reader.place() + ": an array", [&] {
        return matrix_of(Reader(element.data, reader.big_endian(), reader.place()));
      });
      if (named) arrays.insert_or_assign(named->name, named->array);
    } else if (item_bytes(element.type) == 0) {
      fail(reader.place(), ": damaged .mat: an element of unknown type ", element.type);
    }
  }
}

}  // namespace

MatArrays parse_mat(std::span<const std::byte> bytes, const std::string& place) {
  if (bytes.size() < kHeaderBytes) fail(place, ": too short for a .mat file");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()), kHeaderBytes);
  if (header.starts_with("MATLAB 7.3")) {
    fail(place, ": a .mat file of version 7.3; save it with -v7");
  }
  const std::string_view mark = header.substr(126, 2);
  if (mark != "IM" && mark != "MI") {
    fail(place, ": not a .mat file of level 5 (no byte-order mark in its header)");
  }
  MatArrays arrays;
  add_elements(Reader(bytes.subspan(kHeaderBytes), mark == "MI", place), true, arrays);
  return arrays;
}

MatArrays read_mat(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return parse_mat(read_bytes(path, limit_bytes), path.string());
}

}  // namespace pluvia
