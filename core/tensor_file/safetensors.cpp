// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/safetensors.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMostHeaderBytes = 32U << 20;
constexpr std::size_t kMostDimensions = 64;
constexpr const char* kMetadata = "__metadata__";

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kDtypes = {{
    {"F64", "f8"},
    {"F32", "f4"},
    {"F16", "f2"},
    {"BF16", "bf2"},
    {"I64", "i8"},
    {"I32", "i4"},
    {"I16", "i2"},
    {"I8", "i1"},
    {"U64", "u8"},
    {"U32", "u4"},
    {"U16", "u2"},
    {"U8", "u1"},
    {"BOOL", "b1"},
}};

std::string our_dtype(const std::string& theirs) {
  for (const auto& [name, ours] : kDtypes) {
    if (name == theirs) return std::string(ours);
  }
  fail("dtype '", one_line(theirs),
       "', expected F64, F32, F16, BF16, BOOL, I8 to I64 or U8 to U64; convert it to one of them");
}

std::string their_dtype(const std::string& ours) {
  for (const auto& [name, dtype] : kDtypes) {
    if (dtype == ours) return std::string(name);
  }
  fail("dtype '", ours, "', which .safetensors files do not have");
}

std::uint64_t header_length(std::span<const std::byte> bytes) {
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) {
    length = length << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return length;
}

/// One entry of the header, checked by itself.
struct Entry {
  std::string name;
  Tensor tensor;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::uint64_t natural(const Json& value, const char* what) {
  if (!value.is_number_unsigned()) fail(what, " that is no whole number: ", one_line(value.dump()));
  return value.get<std::uint64_t>();
}

const Json& member(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end()) fail("has no '", key, "'");
  return *found;
}

Entry parse_entry(const std::string& name, const Json& value) {
  constexpr std::uint64_t kMostElements = 1ULL << 48;
  require_known_keys(value, {"dtype", "shape", "data_offsets"}, "its entry in the header");
  const Json& dtype = member(value, "dtype");
  const Json& shape = member(value, "shape");
  const Json& offsets = member(value, "data_offsets");
  if (!dtype.is_string()) fail("a dtype that is no text");
  if (!shape.is_array() || shape.size() > kMostDimensions) fail("a shape that is no list of sizes");
  if (!offsets.is_array() || offsets.size() != 2) fail("data_offsets that are no pair of numbers");
  Entry entry{name, {our_dtype(dtype.get<std::string>()), {}, {}}, 0, 0};
  std::uint64_t bytes = tensor_item_bytes(entry.tensor.dtype);
  for (const Json& item : shape) {
    const std::uint64_t size = natural(item, "a size");
    if (size > kMostElements || __builtin_mul_overflow(bytes, size, &bytes)) {
      fail("a shape with more elements than any file holds");
    }
    entry.tensor.shape.push_back(static_cast<std::int64_t>(size));
  }
  entry.begin = natural(offsets[0], "an offset");
  entry.end = natural(offsets[1], "an offset");
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    fail("data_offsets ", entry.begin, " to ", entry.end, ", expected ", bytes,
         " bytes for its shape and dtype");
  }
  return entry;
}

// Neither holes nor overlaps, to the last byte.
void require_cover(const std::vector<Entry>& entries, std::uint64_t data_bytes,
                   const std::string& place) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries) sorted.push_back(&entry);
  std::sort(sorted.begin(), sorted.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  std::uint64_t at = 0;
  for (const Entry* entry : sorted) {
    if (entry->begin != at) {
      fail(place, ": tensor '", one_line(entry->name), "' begins at byte ", entry->begin,
           " of the data, expected ", at, " (no holes, no overlaps)");
    }
    at = entry->end;
  }
  if (at != data_bytes) {
    fail(place, ": its tensors cover ", at, " bytes, the file has ", data_bytes,
         at > data_bytes ? "; it is cut off: download or save it again" : "");
  }
}

std::map<std::string, std::string> parse_metadata(const Json& value) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object()) fail(kMetadata, " is no object");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) fail(kMetadata, " '", one_line(key), "' is no text");
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

Json parse_header(std::span<const std::byte> bytes, const std::string& place) {
  if (bytes.size() < kLengthBytes) {
    fail(place, ": ", bytes.size(), " bytes, too short for a .safetensors file");
  }
  const std::uint64_t length = header_length(bytes);
  if (length > kMostHeaderBytes) {
    fail(place, ": not a .safetensors file: a header of ", length, " bytes, expected at most ",
         kMostHeaderBytes);
  }
  if (length > bytes.size() - kLengthBytes) {
    fail(place, ": a header of ", length, " bytes in a file of ", bytes.size(),
         "; it is cut off: download or save it again");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (!text.starts_with('{')) {
    fail(place, ": not a .safetensors file: its header is no JSON object");
  }
  return parse_json(text, place + ": header");
}

void require_writable(const NamedTensors& tensors) {
  std::unordered_set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    if (name == kMetadata || !is_valid_utf8(name)) {
      fail("'", one_line(name), "' cannot be the name of a tensor");
    }
    PLUVIA_CHECK(names.insert(name).second, name);
    PLUVIA_CHECK(static_cast<std::size_t>(tensor.count()) * tensor_item_bytes(tensor.dtype) ==
                     tensor.data.size(),
                 name, " ", tensor.dtype, " ", tensor.data.size());
  }
}

// Tensors by falling element size.
std::vector<std::size_t> data_order(const NamedTensors& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto item = [&](std::size_t i) { return tensor_item_bytes(tensors[i].second.dtype); };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return item(a) > item(b); });
  return order;
}

std::string header_text(const NamedTensors& tensors, const std::vector<std::size_t>& order,
                        const std::map<std::string, std::string>& metadata) {
  std::vector<std::uint64_t> begin(tensors.size());
  std::uint64_t at = 0;
  for (const std::size_t i : order) {
    begin[i] = at;
    at += tensors[i].second.data.size();
  }
  Json header = Json::object();
  for (const auto& [key, text] : metadata) {
    if (!is_valid_utf8(key) || !is_valid_utf8(text)) {
      fail("metadata '", one_line(key), "' is no UTF-8");
    }
    header[kMetadata][key] = text;
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& [name, tensor] = tensors[i];
    header[name] = {{"dtype", their_dtype(tensor.dtype)},
                    {"shape", tensor.shape},
                    {"data_offsets", {begin[i], begin[i] + tensor.data.size()}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + kLengthBytes - 1) / kLengthBytes * kLengthBytes, ' ');
  return text;
}

}  // namespace

bool looks_like_safetensors(std::span<const std::byte> bytes) {
  return bytes.size() > kLengthBytes && header_length(bytes) <= kMostHeaderBytes &&
         bytes[kLengthBytes] == std::byte{'{'};
}

Safetensors parse_safetensors(std::span<const std::byte> bytes, const std::string& place) {
  const Json header = parse_header(bytes, place);
  const std::span<const std::byte> data = bytes.subspan(kLengthBytes + header_length(bytes));
  Safetensors out;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata) {
      out.metadata = within(place, [&, &entry = value] { return parse_metadata(entry); });
      continue;
    }
    entries.push_back(within(place + ": tensor '" + one_line(name) + "'",
                             [&, &key = name, &entry = value] { return parse_entry(key, entry); }));
  }
  require_cover(entries, data.size(), place);
  for (Entry& entry : entries) {
    const auto part = data.subspan(entry.begin, entry.end - entry.begin);
    entry.tensor.data.assign(part.begin(), part.end());
    out.tensors.emplace_back(std::move(entry.name), std::move(entry.tensor));
  }
  return out;
}

Safetensors read_safetensors(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return parse_safetensors(read_bytes(path, limit_bytes), path.string());
}

std::string encode_safetensors(const NamedTensors& tensors,
                               const std::map<std::string, std::string>& metadata) {
  require_writable(tensors);
  const std::vector<std::size_t> order = data_order(tensors);
  const std::string header = header_text(tensors, order, metadata);
  std::size_t bytes = kLengthBytes + header.size();
  for (const auto& [name, tensor] : tensors) bytes += tensor.data.size();
  std::string out;
  out.reserve(bytes);
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    out += static_cast<char>(header.size() >> 8 * i & 0xFF);
  }
  out += header;
  for (const std::size_t i : order) {
    const std::vector<std::byte>& data = tensors[i].second.data;
    out.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  return out;
}

std::map<std::string, std::string> safetensors_metadata(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::byte> bytes(kLengthBytes);
  const auto read = [&](std::size_t from, std::uint64_t count) {
    file.read(reinterpret_cast<char*>(bytes.data()) + from, static_cast<std::streamsize>(count));
    return static_cast<bool>(file);
  };
  if (!read(0, kLengthBytes)) return {};
  const std::uint64_t length = header_length(bytes);
  if (length == 0 || length > kMostHeaderBytes) return {};
  bytes.resize(kLengthBytes + length);
  if (!read(kLengthBytes, length) || !looks_like_safetensors(bytes)) return {};
  const Json header = parse_header(bytes, path.string());
  const auto found = header.find(kMetadata);
  return found == header.end() ? std::map<std::string, std::string>() : parse_metadata(*found);
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  write_text(path, within(path.string(), [&] { return encode_safetensors(tensors, metadata); }));
}

}  // namespace pluvia
