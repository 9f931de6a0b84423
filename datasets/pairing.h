// SPDX-License-Identifier: Apache-2.0
// Which name belongs to which: partners are found by what their names say, never by their place in
// a listing, so that one missing file in the middle cannot shift every later pair.
//
// A rule turns a name into a key that its partner has too. Keys ignore case and leading zeros
// ("Rain-007" = "rain-7"). The patterns are those of the published image sets.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pluvia {

/// Lower case, leading zeros of every number removed: "Frame_007" -> "frame_7".
std::string pairing_key(std::string_view stem);

/// One number between fixed texts; `counted`: followed by "_" and a counter that is not in the key.
struct NamePattern {
  const char* before = "";
  const char* after = "";
  bool counted = false;
};

enum class KeyForm {
  kStem,     ///< the whole name
  kPattern,  ///< the number in a NamePattern
  kNumber,   ///< the one number in which the names of a folder differ
};

struct NameRule {
  const char* name;
  const char* help;
  KeyForm form;
  NamePattern lq;
  NamePattern gt;
};

std::span<const NameRule> name_rules();

/// One key per name; nothing where the rule does not know the name.
using Keys = std::vector<std::optional<std::string>>;
Keys lq_keys(const NameRule& rule, const std::vector<std::string>& stems);
Keys gt_keys(const NameRule& rule, const std::vector<std::string>& stems);

/// Keys by the one number that varies ("a-1-rain", "a-2-rain": "1", "2"), or nothing for every name
/// when the names differ in anything else.
Keys number_keys(const std::vector<std::string>& stems);

/// The rule under which most of `lq` finds a partner in `gt` (the earlier one on a tie); null when
/// no rule pairs anything.
const NameRule* best_rule(const std::vector<std::string>& lq, const std::vector<std::string>& gt);

}  // namespace pluvia
