// SPDX-License-Identifier: Apache-2.0
#include "models/weights.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

using Own = std::vector<std::pair<std::string, const Tensor*>>;
constexpr std::size_t kNamed = 5;  ///< keys written out in an error

constexpr std::string_view kGenerator = "generator.";
// What mmediting's and the papers' training code keeps beside the network.
constexpr std::array<std::string_view, 3> kAside = {"step_counter", "PerceptualLoss.",
                                                    "ContrastLoss."};

/// Data-parallel training puts this level anywhere in a name.
std::string without_module_levels(const std::string& key) {
  std::vector<std::string> levels = split(key, '.');
  std::erase(levels, "module");
  return join(levels, ".");
}

bool starts_with_any(const std::string& key) {
  return std::any_of(kAside.begin(), kAside.end(),
                     [&](std::string_view head) { return key.rfind(head, 0) == 0; });
}

struct Signature {
  const char* key;  ///< the start of a name that only this network has
  const char* network;
};
constexpr std::array<Signature, 5> kSignatures = {{
    {"GlobalMambaBlock1.", "RainMamba"},
    {"Dual_Raindrop_gnostic_Transformer.", "ViMP-Net"},
    {"spynet.", "ViMP-Net or another network with SPyNet"},
    {"inc1.conv.0.op.", "RDMC (DRNet)"},
    {"down1_1.mpconv.", "RDMC (DRNet)"},
}};

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& shape) {
  if (shape.empty()) return "()";
  std::vector<std::string> sides;
  for (const std::int64_t side : shape) sides.push_back(std::to_string(side));
  return join(sides, "x");
}

Own own_weights(const NamedTensors& weights, const std::string& place) {
  Own all;
  bool has_generator = false;
  for (const auto& [key, tensor] : weights) {
    all.emplace_back(without_module_levels(key), &tensor);
    has_generator = has_generator || all.back().first.rfind(kGenerator, 0) == 0;
  }
  Own own;
  std::set<std::string> seen;
  for (auto& [key, tensor] : all) {
    if (has_generator) {
      if (key.rfind(kGenerator, 0) != 0) continue;
      key = key.substr(kGenerator.size());
    } else if (starts_with_any(key)) {
      continue;
    }
    if (!seen.insert(key).second) {
      fail(place, ": '", key, "' is there twice once prefixes are taken off; expected it once");
    }
    own.emplace_back(key, tensor);
  }
  return own;
}

std::string network_of_weights(const Own& own) {
  for (const Signature& signature : kSignatures) {
    for (const auto& item : own) {
      if (item.first.rfind(signature.key, 0) == 0) return signature.network;
    }
  }
  return {};
}

std::vector<const Tensor*> match_weights(const Own& own, const ExpectedWeights& expected,
                                         const std::string& network, const std::string& place) {
  const std::vector<StateEntry>& state = expected.state;
  std::map<std::string, const Tensor*> left(own.begin(), own.end());
  std::vector<const Tensor*> out;
  std::vector<std::string> missing;
  std::vector<std::string> misshaped;
  for (const StateEntry& entry : state) {
    const auto found = left.find(entry.key);
    if (found == left.end()) {
      const bool optional = expected.optional && expected.optional(entry.key);
      if (!optional) missing.push_back(entry.key);
      out.push_back(nullptr);
      continue;
    }
    if (!found->second->unreadable.empty()) {
      fail(place, ": tensor '", entry.key, "' ", found->second->unreadable);
    }
    if (found->second->shape != entry.shape) {
      misshaped.push_back(cat(entry.key, " (", shape_text(found->second->shape), ", expected ",
                              shape_text(entry.shape), ")"));
    }
    out.push_back(found->second);
    left.erase(found);
  }
  std::vector<std::string> unexpected;
  for (const auto& item : own) {
    const bool tensor = item.second->unreadable.empty();
    if (tensor && left.count(item.first) > 0) unexpected.push_back(item.first);
  }
  if (missing.empty() && misshaped.empty() && unexpected.empty()) return out;
  std::vector<std::string> parts;
  const auto add = [&parts](const char* what, const std::vector<std::string>& keys) {
    if (!keys.empty()) parts.push_back(cat(keys.size(), what, list_some(keys, kNamed)));
  };
  add(" missing: ", missing);
  add(" unexpected: ", unexpected);
  add(" of another shape: ", misshaped);
  const std::string looks = network_of_weights(own);
  // A network's own weights in another size also bear its signature: that is no other network.
  const bool other = !looks.empty() && missing.size() > state.size() / 2;
  fail(place, ": weights for ", network, ", ", state.size(), " tensors expected, ", own.size(),
       " found", other ? "; this looks like " + looks : "", ": ", join(parts, "; "));
}

}  // namespace pluvia
