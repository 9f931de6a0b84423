// SPDX-License-Identifier: Apache-2.0
// Files of torch.save put together opcode by opcode, so that tests can write what no Python would.
// Opcodes by their characters in CPython's pickletools.py.
#pragma once

#include <cstring>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/tensor_file/zip.h"

namespace pluvia::test {

template <typename T>
std::string raw(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

template <typename T>
std::string raw_all(const std::vector<T>& values) {
  std::string out;
  for (const T value : values) out += raw(value);
  return out;
}

inline std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline std::string op_text(const std::string& text) {
  return "X" + raw(static_cast<std::uint32_t>(text.size())) + text;
}
inline std::string op_int(std::int32_t value) { return "J" + raw(value); }
inline std::string op_big(std::int64_t value) { return "\x8A\x08" + raw(value); }
inline std::string op_global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string op_tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const std::string& item : items) out += item;
  return out + "t";
}
inline std::string op_ints(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const std::int64_t value : values) items.push_back(op_big(value));
  return op_tuple(items);
}
inline std::string op_call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + op_tuple(arguments) + "R";
}

using Entries = std::vector<std::pair<std::string, std::string>>;

inline std::string op_entries(const Entries& entries) {
  std::string out = "(";
  for (const auto& [key, value] : entries) out += op_text(key) + value;
  return out + "u";
}
inline std::string op_dict(const Entries& entries) { return "}" + op_entries(entries); }
/// collections.OrderedDict with a _metadata attribute, as Module.state_dict() makes.
inline std::string op_ordered(const Entries& entries) {
  return op_global("collections", "OrderedDict") + ")R" + op_entries(entries) +
         op_dict({{"_metadata", op_global("collections", "OrderedDict") + ")R"}}) + "b";
}

/// The storage's persistent id, as torch.save writes it.
inline std::string op_storage(const std::string& type, const std::string& key, std::int64_t count,
                              const std::string& legacy_view = "") {
  return op_tuple({op_text("storage"), op_global("torch", type + "Storage"), op_text(key),
                   op_text("cpu"), op_big(count), legacy_view}) +
         "Q";
}

struct View {
  std::int64_t offset = 0;
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> stride;
};

inline std::string op_tensor(const std::string& storage, const View& view) {
  return op_call(op_global("torch._utils", "_rebuild_tensor_v2"),
                 {storage, op_big(view.offset), op_ints(view.size), op_ints(view.stride), "\x89",
                  op_global("collections", "OrderedDict") + ")R"});
}

inline std::string pickle_of(const std::string& body) { return "\x80\x02" + body + "."; }

/// Storages by key.
using Storages = std::vector<std::pair<std::string, std::string>>;

inline std::vector<std::byte> zip_file(const std::string& body, const Storages& storages,
                                       ZipPacking packing = ZipPacking::kStored) {
  ZipWriter archive;
  const auto add = [&](const std::string& name, const std::string& data) {
    archive.add("archive/" + name, bytes_of(data), packing);
  };
  add("data.pkl", pickle_of(body));
  add("byteorder", "little");
  for (const auto& [key, data] : storages) add("data/" + key, data);
  add("version", "3\n");
  return archive.finish();
}

/// A legacy storage: its bytes and the size of its elements.
struct LegacyStorage {
  std::string key;
  std::string data;
  std::size_t item = 4;
};

inline const std::string kMagic = "\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19";

inline std::vector<std::byte> legacy_file(const std::string& body,
                                          const std::vector<LegacyStorage>& storages,
                                          bool little_endian = true) {
  std::string keys = "](";
  for (const LegacyStorage& storage : storages) keys += op_text(storage.key);
  std::string out = pickle_of(kMagic) + pickle_of(op_int(1001)) +
                    pickle_of(op_dict({{"protocol_version", op_int(1001)},
                                       {"little_endian", little_endian ? "\x88" : "\x89"}})) +
                    pickle_of(body) + pickle_of(keys + "e");
  for (const LegacyStorage& storage : storages) {
    out += raw(static_cast<std::uint64_t>(storage.data.size() / storage.item)) + storage.data;
  }
  return bytes_of(out);
}

}  // namespace pluvia::test
