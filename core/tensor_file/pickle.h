// SPDX-License-Identifier: Apache-2.0
// Python's pickles (pickletools.py of CPython; protocols 0 to 5) as inert trees. The machine builds
// numbers, texts and containers; what would import or call something in Python becomes a node that
// names it and is never run. Opcodes are an allow-list: the extension registry, out-of-band buffers
// and unknown ones are refused. Nothing recurses: the nodes lie in one array and refer to each
// other by index, so a bomb of nested tuples costs what its bytes cost. Numbers of nodes, memo
// entries and stack entries are bounded. A tree may share nodes and even hold itself: who walks it
// must bound the walk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pluvia {

enum class PickleKind : std::uint8_t {
  kNone,
  kBool,
  kInteger,     ///< of 64 bits
  kBigInteger,  ///< `text`: little-endian two's complement; of old protocols, its digits
  kFloat,       ///< its value is not kept
  kText,        ///< `text`, the bytes of the file
  kBytes,
  kList,
  kTuple,
  kSet,
  kDict,        ///< `items`: key, value, key, value; also OrderedDict and defaultdict
  kGlobal,      ///< what Python would import: `text` is the module, `name` the name in it
  kCall,        ///< `items`: what Python would call or make, and a tuple of arguments
  kPersistent,  ///< `items`: the id of an object that lies outside of the pickle
};

using PickleRef = std::uint32_t;

struct PickleNode {
  PickleKind kind = PickleKind::kNone;
  std::int64_t integer = 0;
  std::string_view text;  ///< into the pickle's bytes
  std::string_view name;
  std::vector<PickleRef> items;

  bool is_global(std::string_view module, std::string_view wanted) const {
    return kind == PickleKind::kGlobal && text == module && name == wanted;
  }
};

struct Pickle {
  std::vector<PickleNode> nodes;
  PickleRef root = 0;
  std::size_t bytes = 0;  ///< used up to and with STOP: more may follow in a stream

  const PickleNode& at(PickleRef ref) const { return nodes[ref]; }
};

/// The pickle at the start of `bytes`, which must outlive it. `place` names them in errors.
Pickle parse_pickle(std::span<const std::byte> bytes, const std::string& place);

/// For errors: "a list", "torch._utils._rebuild_tensor_v2(...)".
std::string describe(const Pickle& pickle, PickleRef ref);

}  // namespace pluvia
