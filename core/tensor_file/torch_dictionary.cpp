// SPDX-License-Identifier: Apache-2.0
#include "core/tensor_file/torch_dictionary.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/error.h"

namespace pluvia {
namespace {

constexpr int kDeepest = 32;

// The entry of a dictionary that is entered, or nothing. As core/tensor_file/torch_file.h says.
std::optional<PickleRef> entered(const Pickle& pickle, const PickleNode& dictionary) {
  constexpr std::array<std::string_view, 7> kEntered = {
      "state_dict", "model_state_dict", "params_ema", "params", "model", "net", "generator"};
  std::optional<PickleRef> object;
  for (const std::string_view name : kEntered) {
    for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
      const PickleNode& key = pickle.at(dictionary.items[i]);
      const PickleRef value = dictionary.items[i + 1];
      if (key.kind != PickleKind::kText || key.text != name) continue;
      if (pickle.at(value).kind == PickleKind::kDict) return value;
      if (pickle.at(value).kind == PickleKind::kCall) object = object.value_or(value);
    }
  }
  return object;
}

}  // namespace

bool looks_like_tensor(const Pickle& pickle, PickleRef ref) {
  const PickleNode& node = pickle.at(ref);
  if (node.kind != PickleKind::kCall) return false;
  const PickleNode& callable = pickle.at(node.items[0]);
  return callable.kind == PickleKind::kGlobal && callable.text.starts_with("torch") &&
         callable.name.starts_with("_rebuild_");
}

bool is_inert_object(const Pickle& pickle, PickleRef ref) {
  constexpr std::array<std::string_view, 12> kActing = {
      "os",  "posix",  "nt",  "subprocess", "builtins", "__builtin__",
      "sys", "shutil", "pty", "importlib",  "runpy",    "ctypes"};
  const PickleNode& callable = pickle.at(pickle.at(ref).items[0]);
  if (callable.kind != PickleKind::kGlobal) return false;
  const std::string_view package = callable.text.substr(0, callable.text.find('.'));
  return std::find(kActing.begin(), kActing.end(), package) == kActing.end();
}

PickleRef wanted_dictionary(const Pickle& pickle) {
  PickleRef ref = pickle.root;
  for (int level = 0; level < kDeepest; ++level) {
    const PickleNode& node = pickle.at(ref);
    if (node.kind != PickleKind::kDict) {
      const bool object = node.kind == PickleKind::kCall;
      fail("holds ", describe(pickle, ref),
           object ? ", which only Python could make (nothing was run)" : "", kTorchAdvice);
    }
    for (const PickleRef item : node.items) {
      if (looks_like_tensor(pickle, item)) return ref;
    }
    const std::optional<PickleRef> next = entered(pickle, node);
    if (!next) return ref;
    ref = *next;
  }
  fail("nested deeper than ", kDeepest);
}

}  // namespace pluvia
