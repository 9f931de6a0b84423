// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/torch_tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/tensor_file/torch_dictionary.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kMostVisits = 1U << 18;
constexpr std::size_t kMostDimensions = 64;  // PyTorch's own bound
constexpr std::size_t kLongestName = 1024;
constexpr std::uint64_t kMostRatio = 8;
constexpr std::uint64_t kAlwaysAllowed = 64U << 20;

struct TorchType {
  std::string_view storage;  ///< torch.<storage>Storage
  std::string_view dtype;    ///< torch.<dtype>
  std::string_view ours;     ///< empty: not among those a network's weights have
  std::size_t bytes;
};
constexpr std::array kTypes = {TorchType{"Double", "float64", "f8", 8},
                               TorchType{"Float", "float32", "f4", 4},
                               TorchType{"Half", "float16", "f2", 2},
                               TorchType{"BFloat16", "bfloat16", "bf2", 2},
                               TorchType{"Long", "int64", "i8", 8},
                               TorchType{"Int", "int32", "i4", 4},
                               TorchType{"Short", "int16", "i2", 2},
                               TorchType{"Char", "int8", "i1", 1},
                               TorchType{"Byte", "uint8", "u1", 1},
                               TorchType{"Bool", "bool", "b1", 1},
                               TorchType{"Untyped", "", "u1", 1},
                               TorchType{"", "uint16", "u2", 2},
                               TorchType{"", "uint32", "u4", 4},
                               TorchType{"", "uint64", "u8", 8},
                               TorchType{"ComplexFloat", "complex64", "", 8},
                               TorchType{"ComplexDouble", "complex128", "", 16},
                               TorchType{"QInt8", "qint8", "", 1},
                               TorchType{"QUInt8", "quint8", "", 1},
                               TorchType{"QInt32", "qint32", "", 4},
                               TorchType{"QUInt4x2", "quint4x2", "", 1},
                               TorchType{"QUInt2x4", "quint2x4", "", 1}};

const TorchType& storage_type(const PickleNode& global) {
  constexpr std::string_view kSuffix = "Storage";
  std::string_view name = global.name;
  if (global.kind == PickleKind::kGlobal && global.text.starts_with("torch") &&
      name.ends_with(kSuffix)) {
    name.remove_suffix(kSuffix.size());
    for (const TorchType& type : kTypes) {
      if (!name.empty() && type.storage == name) return type;
    }
  }
  fail("a storage of unknown type ", one_line(cat(global.text, ".", global.name)));
}

std::string tensor_dtype(const PickleNode& global) {
  for (const TorchType& type : kTypes) {
    if (global.text == "torch" && global.name == type.dtype && !type.ours.empty()) {
      return std::string(type.ours);
    }
  }
  fail("dtype ", one_line(cat(global.text, ".", global.name)),
       ", expected float16 to float64, bfloat16, bool or a whole number");
}

// A count or offset: never negative in what torch writes.
std::uint64_t natural(const PickleNode& node) {
  if (node.kind != PickleKind::kInteger || node.integer < 0) fail("a size that is no whole number");
  return static_cast<std::uint64_t>(node.integer);
}

std::vector<std::uint64_t> naturals(const Pickle& pickle, PickleRef ref) {
  const PickleNode* node = &pickle.at(ref);
  if (node->kind == PickleKind::kCall && node->items.size() == 2 &&
      pickle.at(node->items[0]).is_global("torch", "Size")) {
    const PickleNode& arguments = pickle.at(node->items[1]);
    if (arguments.items.size() == 1) node = &pickle.at(arguments.items[0]);
  }
  if (node->kind != PickleKind::kTuple && node->kind != PickleKind::kList) {
    fail("a shape that is no tuple");
  }
  if (node->items.size() > kMostDimensions) fail(node->items.size(), " dimensions");
  std::vector<std::uint64_t> out;
  for (const PickleRef item : node->items) out.push_back(natural(pickle.at(item)));
  return out;
}

/// A call that stands for a tensor: what would be called, and the tuple of its arguments.
struct Call {
  PickleRef callable = 0;
  PickleRef arguments = 0;
};

std::string strange_maker(const Pickle& pickle, PickleRef callable) {
  return cat("is made by ", describe(pickle, callable),
             " (nothing was run); expected a dense tensor as torch.save writes it");
}

[[noreturn]] void refuse_maker(const Pickle& pickle, PickleRef callable) {
  fail(strange_maker(pickle, callable));
}

// Parameters and tensors with attributes are wrapped around the call that makes the tensor.
Call unwrap(const Pickle& pickle, PickleRef ref) {
  constexpr int kMostLayers = 4;
  const PickleNode* node = &pickle.at(ref);
  for (int layer = 0; layer < kMostLayers; ++layer) {
    if (node->kind != PickleKind::kCall || node->items.size() != 2) break;
    Call call{node->items[0], node->items[1]};
    const PickleNode* callable = &pickle.at(call.callable);
    const PickleNode* arguments = &pickle.at(call.arguments);
    if (arguments->kind != PickleKind::kTuple) break;
    if (callable->is_global("torch._tensor", "_rebuild_from_type_v2") &&
        arguments->items.size() == 4) {
      call = {arguments->items[0], arguments->items[2]};
      callable = &pickle.at(call.callable);
      arguments = &pickle.at(call.arguments);
    }
    const bool parameter = callable->is_global("torch._utils", "_rebuild_parameter") ||
                           callable->is_global("torch._utils", "_rebuild_parameter_with_state");
    if (!parameter) return call;
    if (arguments->items.empty()) break;
    ref = arguments->items[0];
    node = &pickle.at(ref);
  }
  refuse_maker(pickle, node->kind == PickleKind::kCall ? node->items[0] : ref);
}

/// Where a tensor's elements lie in its storage.
struct Layout {
  std::uint64_t offset = 0;
  std::vector<std::uint64_t> size;
  std::vector<std::uint64_t> stride;
};

std::uint64_t checked_count(const std::vector<std::uint64_t>& size) {
  std::uint64_t count = 1;
  bool empty = false;
  for (const std::uint64_t n : size) {
    empty = empty || n == 0;
    if (n > (1ULL << 48) || (n > 0 && __builtin_mul_overflow(count, n, &count)) ||
        count > (1ULL << 48)) {
      fail("a shape with more elements than any file holds");
    }
  }
  return empty ? 0 : count;
}

// The last element's place decides: strides are not negative.
void require_inside(const Layout& layout, std::uint64_t elements) {
  std::uint64_t last = layout.offset;
  bool outside = false;
  for (std::size_t d = 0; d < layout.size.size(); ++d) {
    std::uint64_t reach = 0;
    outside = outside || __builtin_mul_overflow(layout.size[d] - 1, layout.stride[d], &reach) ||
              __builtin_add_overflow(last, reach, &last);
  }
  if (outside || last >= elements) {
    fail("reaches beyond its storage of ", elements, " elements (offset ", layout.offset, ")");
  }
}

bool is_contiguous(const Layout& layout) {
  std::uint64_t expected = 1;
  for (std::size_t d = layout.size.size(); d-- > 0;) {
    if (layout.size[d] != 1 && layout.stride[d] != expected) return false;
    expected *= layout.size[d];
  }
  return true;
}

void gather(const Layout& layout, std::span<const std::byte> from, std::size_t item,
            std::span<std::byte> to) {
  if (is_contiguous(layout)) {
    std::memcpy(to.data(), from.data() + layout.offset * item, to.size());
    return;
  }
  std::vector<std::uint64_t> index(layout.size.size(), 0);
  std::uint64_t source = layout.offset;
  for (std::size_t at = 0; at < to.size(); at += item) {
    std::memcpy(&to[at], &from[source * item], item);
    for (std::size_t d = layout.size.size(); d-- > 0;) {
      source += layout.stride[d];
      if (++index[d] < layout.size[d]) break;
      source -= layout.stride[d] * layout.size[d];
      index[d] = 0;
    }
  }
}

class Collector {
 public:
  Collector(const Pickle& pickle, const StorageSource& source, std::uint64_t file_bytes)
      : pickle_(pickle), source_(source), bytes_left_(kMostRatio * file_bytes + kAlwaysAllowed) {}

  void collect(PickleRef ref, const std::string& name, int depth);
  NamedTensors take() { return std::move(tensors_); }

 private:
  std::string child_name(const std::string& name, PickleRef key) const;
  void add(PickleRef value, const std::string& name, bool among_tensors, int depth);
  Tensor make(PickleRef ref);
  Tensor make_dense(const Layout& layout, const TorchStorage& storage, const std::string& dtype);

  const Pickle& pickle_;
  const StorageSource& source_;
  std::uint64_t bytes_left_;
  std::size_t visits_ = 0;
  NamedTensors tensors_;
  std::unordered_set<std::string> names_;
};

Tensor Collector::make_dense(const Layout& layout, const TorchStorage& storage,
                             const std::string& dtype) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.shape.assign(layout.size.begin(), layout.size.end());
  const std::size_t item = tensor_item_bytes(dtype);
  const std::uint64_t count = checked_count(layout.size);
  if (count > bytes_left_ / item) {
    fail("its ", count, " elements are more than a file of this size holds");
  }
  bytes_left_ -= count * item;
  if (count == 0) return tensor;
  const std::size_t storage_item = tensor_item_bytes(storage.dtype);
  std::span<const std::byte> data = source_(storage.key);
  const std::uint64_t elements = data.size() / storage_item;
  if (storage.offset > elements || storage.count > elements - storage.offset) {
    fail("its storage '", one_line(storage.key), "' holds ", elements, " elements, expected ",
         storage.count, " from ", storage.offset);
  }
  data = data.subspan(storage.offset * storage_item, storage.count * storage_item);
  require_inside(layout, data.size() / item);
  tensor.data.resize(count * item);
  gather(layout, data, item, tensor.data);
  return tensor;
}

Tensor Collector::make(PickleRef ref) {
  const Call call = unwrap(pickle_, ref);
  const PickleNode& callable = pickle_.at(call.callable);
  const std::vector<PickleRef>& arguments = pickle_.at(call.arguments).items;
  const bool typed = callable.is_global("torch._utils", "_rebuild_tensor_v3");
  if (!typed && !callable.is_global("torch._utils", "_rebuild_tensor_v2") &&
      !callable.is_global("torch._utils", "_rebuild_tensor")) {
    refuse_maker(pickle_, call.callable);
  }
  if (arguments.size() < (typed ? 7U : 4U)) fail("is made of ", arguments.size(), " values only");
  const TorchStorage storage = parse_torch_storage(pickle_, arguments[0]);
  Layout layout;
  layout.offset = natural(pickle_.at(arguments[1]));
  layout.size = naturals(pickle_, arguments[2]);
  layout.stride = naturals(pickle_, arguments[3]);
  if (layout.size.size() != layout.stride.size()) fail("its shape and strides do not agree");
  const std::string dtype = typed ? tensor_dtype(pickle_.at(arguments[6])) : storage.dtype;
  if (dtype.empty()) fail("has a dtype that networks' weights do not have (complex, quantised)");
  return make_dense(layout, storage, dtype);
}

std::string Collector::child_name(const std::string& name, PickleRef key) const {
  const PickleNode& node = pickle_.at(key);
  std::string last;
  if (node.kind == PickleKind::kText) {
    last = node.text;
  } else if (node.kind == PickleKind::kInteger) {
    last = std::to_string(node.integer);
  } else {
    fail("'", name, "': a key that is ", describe(pickle_, key), ", expected a text");
  }
  if (!is_valid_utf8(last) || name.size() + last.size() > kLongestName) {
    fail("'", one_line(name), "': a key that is no name: '", one_line(last), "'");
  }
  return name.empty() ? last : name + "." + last;
}

// Entries that are no tensors (numbers, settings) are passed over. An object that only Python could
// make may have been meant for a tensor where it stands beside some: it is kept as unreadable, or
// refused if to make it would run something.
void Collector::add(PickleRef value, const std::string& name, bool among_tensors, int depth) {
  const PickleKind kind = pickle_.at(value).kind;
  const bool is_tensor = looks_like_tensor(pickle_, value);
  if (is_tensor || (kind == PickleKind::kCall && among_tensors)) {
    Tensor tensor;
    if (is_tensor || !is_inert_object(pickle_, value)) {
      tensor = within("tensor '" + one_line(name) + "'", [&] { return make(value); });
    } else {
      tensor.unreadable = strange_maker(pickle_, pickle_.at(value).items[0]);
    }
    if (!names_.insert(name).second) fail("tensor '", one_line(name), "' is there twice");
    tensors_.emplace_back(name, std::move(tensor));
  } else if (kind == PickleKind::kDict || kind == PickleKind::kList || kind == PickleKind::kTuple) {
    collect(value, name, depth + 1);
  }
}

void Collector::collect(PickleRef ref, const std::string& name, int depth) {
  if (depth > kDeepest) fail("'", one_line(name), "': nested deeper than ", kDeepest);
  const PickleNode& node = pickle_.at(ref);
  const auto is_tensor = [&](PickleRef item) { return looks_like_tensor(pickle_, item); };
  const bool among_tensors = std::any_of(node.items.begin(), node.items.end(), is_tensor);
  const bool dictionary = node.kind == PickleKind::kDict;
  const std::size_t step = dictionary ? 2 : 1;
  for (std::size_t i = 0; i + step <= node.items.size(); i += step) {
    if (++visits_ > kMostVisits) fail("more entries than any network has");
    const PickleRef value = node.items[i + step - 1];
    const PickleKind kind = pickle_.at(value).kind;
    if (kind < PickleKind::kList || kind == PickleKind::kPersistent) continue;
    const PickleKind key = dictionary ? pickle_.at(node.items[i]).kind : PickleKind::kText;
    const bool named = key == PickleKind::kText || key == PickleKind::kInteger;
    if (!named && !is_tensor(value)) continue;
    const std::string child =
        dictionary ? child_name(name, node.items[i]) : name + "." + std::to_string(i);
    add(value, child, among_tensors, depth);
  }
}

}  // namespace

TorchStorage parse_torch_storage(const Pickle& pickle, PickleRef ref) {
  const PickleNode& node = pickle.at(ref);
  if (node.kind != PickleKind::kPersistent) {
    fail("its storage is ", describe(pickle, ref), ", expected one in the file");
  }
  const std::vector<PickleRef>& id = pickle.at(node.items[0]).items;
  if (id.size() < 5 || pickle.at(id[0]).text != "storage" ||
      pickle.at(id[2]).kind != PickleKind::kText) {
    fail("its storage has an id that torch.save does not write");
  }
  const TorchType& type = storage_type(pickle.at(id[1]));
  TorchStorage storage;
  storage.key = pickle.at(id[2]).text;
  storage.dtype = type.ours;
  storage.item_bytes = type.bytes;
  storage.count = natural(pickle.at(id[4]));
  storage.whole_count = storage.count;
  if (id.size() > 5 && pickle.at(id[5]).kind == PickleKind::kTuple) {
    const std::vector<PickleRef>& view = pickle.at(id[5]).items;  // (key, offset, count)
    if (view.size() != 3) fail("its storage is a view of ", view.size(), " values, expected 3");
    storage.offset = natural(pickle.at(view[1]));
    storage.count = natural(pickle.at(view[2]));
  }
  return storage;
}

NamedTensors torch_tensors(const Pickle& pickle, const StorageSource& storage,
                           std::uint64_t file_bytes) {
  if (looks_like_tensor(pickle, pickle.root)) fail("holds one tensor without a name", kTorchAdvice);
  Collector collector(pickle, storage, file_bytes);
  collector.collect(wanted_dictionary(pickle), "", 0);
  NamedTensors tensors = collector.take();
  if (tensors.empty()) fail("holds a dictionary without tensors", kTorchAdvice);
  return tensors;
}

}  // namespace pluvia
