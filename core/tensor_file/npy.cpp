// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/npy.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMostDimensions = 32;

struct Header {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
};

/// Reads the header's Python literal: exactly the three keys, in any order.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& place) : rest_(text), place_(place) {}

  Header parse() {
    Header header;
    std::array<bool, 3> seen{};
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      const std::size_t which = key == "descr" ? 0 : key == "fortran_order" ? 1 : 2;
      if (which == 2 && key != "shape") refuse("key '" + key + "'");
      if (std::exchange(seen[which], true)) refuse("key '" + key + "' twice");
      if (which == 0) header.descr = descr();
      if (which == 1) header.fortran_order = boolean();
      if (which == 2) header.shape = shape();
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!rest_.empty() || seen != std::array{true, true, true}) refuse("an incomplete header");
    return header;
  }

 private:
  [[noreturn]] void refuse(const std::string& found) const {
    fail(place_, ": not a .npy header: found ", found,
         ", expected {'descr': ..., 'fortran_order': ..., 'shape': ...}");
  }
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n'))
      rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) refuse(rest_.empty() ? "its end" : std::string("'") + rest_.front() + "'");
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  std::string quoted() {
    const char quote = take('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = rest_.find(quote);
    constexpr std::size_t kLongest = 64;  // npos is longer still
    if (end > kLongest) refuse("a text without end");
    std::string out(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return out;
  }
  std::string descr() {
    skip_blanks();
    if (rest_.starts_with('[')) {
      fail(place_, ": an array of records; expected plain numbers (save each field by itself)");
    }
    return quoted();
  }
  bool boolean() {
    if (take_word("True")) return true;
    if (take_word("False")) return false;
    refuse("a fortran_order that is neither True nor False");
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> out;
    expect('(');
    while (!take(')')) {
      skip_blanks();
      const std::size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
      const auto size = parse_int(rest_.substr(0, end));
      if (!size) refuse("a shape that is not made of whole numbers");
      out.push_back(*size);
      rest_.remove_prefix(end);
      take_word("L");  // Python 2 wrote 3L
      if (out.size() > kMostDimensions) refuse("more than 32 dimensions");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

  std::string_view rest_;
  const std::string& place_;
};

struct Layout {
  Header header;
  std::size_t data_offset = 0;
};

Layout parse_layout(std::span<const std::byte> bytes, const std::string& place) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.size() < 10 || !text.starts_with(kMagic)) {
    fail(place, ": not a .npy file (", text.size(), " bytes, no NUMPY signature)");
  }
  const auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[i]); };
  const std::size_t version = byte(6);
  if (version < 1 || version > 3) {
    fail(place, ": .npy version ", version, ".", byte(7), ", expected 1 to 3");
  }
  const std::size_t start = version == 1 ? 10 : 12;
  if (text.size() < start) fail(place, ": ends inside its header");
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (start + length > kMostNpyHeadBytes || length > text.size() - start) {
    fail(place, ": a header of ", length, " bytes in a file of ", text.size());
  }
  return {HeaderParser(text.substr(start, length), place).parse(), start + length};
}

// Elements of a shape; refuses products that no file can hold.
std::uint64_t checked_count(const std::vector<std::int64_t>& shape, const std::string& place) {
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count) ||
        count > (1ULL << 48)) {
      fail(place, ": a shape with more elements than any file holds");
    }
  }
  return count;
}

void swap_bytes(std::span<std::byte> data, std::size_t item) {
  for (std::size_t at = 0; at + item <= data.size(); at += item) {
    std::reverse(data.begin() + static_cast<std::ptrdiff_t>(at),
                 data.begin() + static_cast<std::ptrdiff_t>(at + item));
  }
}

// Column-major to row-major: the last index shall run fastest.
std::vector<std::byte> to_c_order(std::span<const std::byte> from, std::size_t item,
                                  const std::vector<std::int64_t>& shape) {
  std::vector<std::byte> out(from.size());
  std::vector<std::int64_t> index(shape.size(), 0);
  std::vector<std::size_t> stride(shape.size(), item);
  for (std::size_t d = 1; d < shape.size(); ++d) {
    stride[d] = stride[d - 1] * static_cast<std::size_t>(shape[d - 1]);
  }
  std::size_t source = 0;
  for (std::size_t at = 0; at < out.size(); at += item) {
    std::memcpy(&out[at], &from[source], item);
    for (std::size_t d = shape.size(); d-- > 0;) {
      source += stride[d];
      if (++index[d] < shape[d]) break;
      source -= stride[d] * static_cast<std::size_t>(shape[d]);
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

std::int64_t NpyArray::count() const {
  std::int64_t product = 1;
  for (const std::int64_t size : shape) product *= size;
  return product;
}

std::size_t npy_item_bytes(const std::string& dtype) {
  static constexpr std::array kKnown = {"b1", "i1", "i2", "i4", "i8", "u1",
                                        "u2", "u4", "u8", "f2", "f4", "f8"};
  const bool known = std::find(kKnown.begin(), kKnown.end(), dtype) != kKnown.end();
  return known ? static_cast<std::size_t>(dtype[1] - '0') : 0;
}

NpyHead parse_npy_head(std::span<const std::byte> bytes, const std::string& place) {
  const Layout layout = parse_layout(bytes, place);
  const std::string& descr = layout.header.descr;
  const bool marked =
      !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string::npos;
  NpyHead head;
  head.dtype = marked ? descr.substr(1) : descr;
  head.shape = layout.header.shape;
  head.fortran_order = layout.header.fortran_order;
  head.big_endian = marked && descr[0] == '>';
  head.data_offset = layout.data_offset;
  const std::size_t item = npy_item_bytes(head.dtype);
  if (descr.find('O') != std::string::npos) {
    fail(place, ": an array of Python objects; reading one runs code, so it is refused");
  }
  if (item == 0) fail(place, ": dtype '", descr, "', expected b1, i1-i8, u1-u8, f2, f4 or f8");
  head.data_bytes = checked_count(head.shape, place) * item;
  return head;
}

NpyArray parse_npy(std::span<const std::byte> bytes, const std::string& place) {
  const NpyHead head = parse_npy_head(bytes, place);
  const std::span<const std::byte> data = bytes.subspan(head.data_offset);
  if (data.size() != head.data_bytes) {
    fail(place, ": ", data.size(), " bytes of data, expected ", head.data_bytes, " for its shape");
  }
  const std::size_t item = npy_item_bytes(head.dtype);
  NpyArray array{head.dtype, head.shape, {}};
  if (head.fortran_order && array.shape.size() > 1) {
    array.data = to_c_order(data, item, array.shape);
  } else {
    array.data.assign(data.begin(), data.end());
  }
  if (head.big_endian) swap_bytes(array.data, item);
  return array;
}

NpyArray read_npy(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return parse_npy(read_bytes(path, limit_bytes), path.string());
}

std::string encode_npy_head(const std::string& dtype, const std::vector<std::int64_t>& sizes,
                            std::size_t least_bytes) {
  std::string shape;
  for (const std::int64_t size : sizes) shape += std::to_string(size) + ", ";
  if (sizes.size() > 1) shape.resize(shape.size() - 2);
  std::string header = cat("{'descr': '", npy_item_bytes(dtype) == 1 ? "|" : "<", dtype,
                           "', 'fortran_order': False, 'shape': (", shape, "), }");
  constexpr std::size_t kAlignment = 64;
  const std::size_t unpadded = std::max(10 + header.size() + 1, least_bytes);
  const std::size_t padded = (unpadded + kAlignment - 1) / kAlignment * kAlignment;
  header += std::string(padded - 10 - header.size() - 1, ' ') + "\n";
  std::string text(kMagic);
  text += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF),
           static_cast<char>(header.size() >> 8)};
  return text + header;
}

std::vector<std::byte> encode_npy(const NpyArray& array) {
  const std::size_t item = npy_item_bytes(array.dtype);
  PLUVIA_CHECK(item > 0 && static_cast<std::size_t>(array.count()) * item == array.data.size(),
               array.dtype, " ", array.data.size());
  const std::string text = encode_npy_head(array.dtype, array.shape);
  std::vector<std::byte> out(text.size() + array.data.size());
  std::memcpy(out.data(), text.data(), text.size());
  std::copy(array.data.begin(), array.data.end(),
            out.begin() + static_cast<std::ptrdiff_t>(text.size()));
  return out;
}

void write_npy(const std::filesystem::path& path, const NpyArray& array) {
  const std::vector<std::byte> bytes = encode_npy(array);
  write_text(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace pluvia
