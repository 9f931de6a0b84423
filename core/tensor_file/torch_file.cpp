// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/torch_file.h"

#include <map>
#include <string_view>

#include "core/error.h"
#include "core/file.h"
#include "core/tensor_file/pickle.h"
#include "core/tensor_file/torch_tensors.h"
#include "core/tensor_file/zip.h"
#include "core/text.h"

namespace pluvia {
namespace {

using Bytes = std::span<const std::byte>;

std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Members by name, read when asked for; what was packed is kept, so that views stay valid.
class TorchArchive {
 public:
  TorchArchive(Bytes bytes, const std::string& place) : reader_(bytes, place), place_(place) {
    // torch.save never packs, so a large ratio is no checkpoint's.
    constexpr std::uint64_t kMostRatio = 64;
    std::uint64_t left = kMostRatio * bytes.size();
    for (const ZipMember& member : reader_.members()) {
      if (member.bytes > left) {
        fail(place_, ": a zip archive that unpacks to more than ", kMostRatio, " times its size");
      }
      left -= member.bytes;
      if (!members_.emplace(member.name, &member).second) {
        fail(place_, ": member '", one_line(member.name), "' is there twice");
      }
    }
    find_root();
  }

  bool has(const std::string& name) const { return members_.count(root_ + name) > 0; }
  Bytes data(const std::string& name) {
    const auto found = members_.find(root_ + name);
    if (found == members_.end()) {
      fail(place_, ": has no member '", one_line(root_ + name), "'; download or save it again");
    }
    const auto read = read_.find(name);
    if (read != read_.end()) return read->second.view;
    ZipData data = within(place_ + ": member '" + one_line(found->first) + "'",
                          [&] { return reader_.read(*found->second); });
    return read_.emplace(name, std::move(data)).first->second.view;
  }
  void refuse_code() const {
    const bool code = has("constants.pkl") || has_folder("code/");
    if (!code) return;
    fail(place_,
         ": a TorchScript archive, which is code and is not run to get weights; save its "
         "state_dict() with torch.save, or use it as a method: torchscript:FILE");
  }

 private:
  void find_root() {
    constexpr std::string_view kPickle = "data.pkl";
    for (const auto& [name, member] : members_) {
      const std::size_t root = name.size() - std::min(name.size(), kPickle.size());
      if (!name.ends_with(kPickle) || (root > 0 && name[root - 1] != '/')) continue;
      if (found_) fail(place_, ": two pickles in it, '", one_line(name), "' is one of them");
      root_ = name.substr(0, root);
      found_ = true;
    }
    if (!found_) fail(place_, ": a zip archive without data.pkl, no file of torch.save");
  }
  bool has_folder(const std::string& name) const {
    const auto next = members_.lower_bound(root_ + name);
    return next != members_.end() && next->first.starts_with(root_ + name);
  }

  ZipReader reader_;
  std::string place_;
  std::map<std::string, const ZipMember*> members_;
  std::map<std::string, ZipData> read_;
  std::string root_;
  bool found_ = false;
};

[[noreturn]] void refuse_big_endian(const std::string& place) {
  fail(place, ": saved on a big-endian machine; load and save it again on a little-endian one");
}

NamedTensors parse_zip_form(Bytes bytes, const std::string& place) {
  TorchArchive archive(bytes, place);
  archive.refuse_code();
  if (archive.has("byteorder") && as_text(archive.data("byteorder")) != "little") {
    refuse_big_endian(place);
  }
  const Pickle pickle = parse_pickle(archive.data("data.pkl"), place + ": data.pkl");
  const StorageSource source = [&](const std::string& key) { return archive.data("data/" + key); };
  return within(place, [&] { return torch_tensors(pickle, source, bytes.size()); });
}

/// The pickles of a legacy stream one after the other, then its storages.
class LegacyStream {
 public:
  LegacyStream(Bytes bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  Pickle next(const char* what) {
    Pickle pickle = parse_pickle(bytes_.subspan(at_), place_ + ": " + what);
    at_ += pickle.bytes;
    return pickle;
  }
  Bytes take(std::uint64_t size, const std::string& what) {
    if (size > bytes_.size() - at_) {
      fail(place_, ": ", what, " needs ", size, " bytes and the file has ", bytes_.size() - at_,
           " more; download or save it again");
    }
    const Bytes data = bytes_.subspan(at_, size);
    at_ += size;
    return data;
  }
  std::uint64_t take_count(const std::string& what) {
    std::uint64_t value = 0;
    const Bytes data = take(8, what);
    for (std::size_t i = 8; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(data[i]);
    return value;
  }

 private:
  Bytes bytes_;
  const std::string& place_;
  std::size_t at_ = 0;
};

void require_magic(const Pickle& magic, const std::string& place) {
  constexpr std::string_view kMagic = "\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19";
  const PickleNode& node = magic.at(magic.root);
  if (node.kind == PickleKind::kBigInteger && node.text == kMagic) return;
  fail(place, ": a plain Python pickle (", describe(magic, magic.root),
       "), expected what torch.save wrote; load it where you trust it and save the tensors with "
       "torch.save or as .safetensors");
}

void require_little_endian(const Pickle& facts, const std::string& place) {
  const std::vector<PickleRef>& items = facts.at(facts.root).items;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (facts.at(items[i]).text == "little_endian" && facts.at(items[i + 1]).integer == 0) {
      refuse_big_endian(place);
    }
  }
}

// Bytes per element of each storage: the stream itself does not say.
std::map<std::string, std::size_t> element_sizes(const Pickle& pickle) {
  std::map<std::string, std::size_t> sizes;
  for (PickleRef ref = 0; ref < pickle.nodes.size(); ++ref) {
    const PickleNode& node = pickle.at(ref);
    if (node.kind != PickleKind::kPersistent) continue;
    const std::vector<PickleRef>& id = pickle.at(node.items[0]).items;
    // Old files keep whole modules' source code under ("module", ...).
    if (id.empty() || pickle.at(id[0]).text != "storage") continue;
    const TorchStorage storage = parse_torch_storage(pickle, ref);
    sizes[storage.key] = storage.item_bytes;
  }
  return sizes;
}

NamedTensors parse_legacy_form(Bytes bytes, const std::string& place) {
  LegacyStream stream(bytes, place);
  require_magic(stream.next("magic number"), place);
  stream.next("protocol");
  require_little_endian(stream.next("facts of the machine"), place);
  const Pickle pickle = stream.next("pickle");
  const Pickle keys = stream.next("storage keys");
  const auto sizes = within(place, [&] { return element_sizes(pickle); });
  std::map<std::string, Bytes> storages;
  for (const PickleRef ref : keys.at(keys.root).items) {
    const std::string key(keys.at(ref).text);
    const std::string what = "storage '" + one_line(key) + "'";
    const auto size = sizes.find(key);
    if (size == sizes.end()) fail(place, ": ", what, " is not named in the pickle");
    const std::uint64_t count = stream.take_count(what);
    if (count > bytes.size()) fail(place, ": ", what, " of ", count, " elements");
    if (!storages.emplace(key, stream.take(count * size->second, what)).second) {
      fail(place, ": ", what, " is there twice");
    }
  }
  const StorageSource source = [&](const std::string& key) {
    const auto found = storages.find(key);
    if (found == storages.end()) fail("its storage '", one_line(key), "' is not in the file");
    return found->second;
  };
  return within(place, [&] { return torch_tensors(pickle, source, bytes.size()); });
}

}  // namespace

NamedTensors parse_torch_file(Bytes bytes, const std::string& place) {
  const std::string_view text = as_text(bytes);
  constexpr std::size_t kTarMark = 257;
  if (text.starts_with("PK\x03\x04")) return parse_zip_form(bytes, place);
  if (text.starts_with('\x80')) return parse_legacy_form(bytes, place);
  if (text.size() > kTarMark && text.substr(kTarMark).starts_with("ustar")) {
    fail(place,
         ": PyTorch's tar form of 2016 (or another tar archive), which is not read; load it "
         "with an old PyTorch and torch.save it again");
  }
  fail(place, ": not a file of torch.save (neither a zip archive nor a pickle)");
}

NamedTensors read_torch_file(const std::filesystem::path& path, std::uint64_t limit_bytes) {
  return parse_torch_file(read_bytes(path, limit_bytes), path.string());
}

}  // namespace pluvia
