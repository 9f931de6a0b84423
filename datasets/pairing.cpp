// SPDX-License-Identifier: Apache-2.0
#include "datasets/pairing.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "core/text.h"

namespace pluvia {
namespace {

constexpr NameRule kRules[] = {
    {"same-stem", "equal names (Rain200 re-pack: input/%d, target/%d)", KeyForm::kStem, {}, {}},
    {"rain100-old",
     "rain-%d with norain-%d (Rain100L/H, first release)",
     KeyForm::kPattern,
     {"rain-", "", false},
     {"norain-", "", false}},
    {"rain100-new",
     "norain-%dx2 with norain-%d (Rain100L/H, second release)",
     KeyForm::kPattern,
     {"norain-", "x2", false},
     {"norain-", "", false}},
    {"rain1400",
     "%d_%d with %d: many rainy pictures share one clean picture",
     KeyForm::kPattern,
     {"", "", true},
     {"", "", false}},
    {"number",
     "the one number in which names differ (in_%d_a with out_%d_b)",
     KeyForm::kNumber,
     {},
     {}},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end;
}

std::optional<std::string> pattern_key(const NamePattern& pattern, std::string_view stem) {
  const std::string name = lower(stem);
  const std::string_view before = pattern.before;
  if (name.rfind(before, 0) != 0) return std::nullopt;
  const std::size_t end = digits_at(name, before.size());
  if (end == before.size()) return std::nullopt;
  std::string_view rest = std::string_view(name).substr(end);
  if (pattern.counted) {
    if (rest.size() < 2 || rest.front() != '_' || digits_at(rest, 1) != rest.size())
      return std::nullopt;
    rest = {};
  }
  if (rest != pattern.after) return std::nullopt;
  return pairing_key(std::string_view(name).substr(before.size(), end - before.size()));
}

Keys keys_of(KeyForm form, const NamePattern& pattern, const std::vector<std::string>& stems) {
  if (form == KeyForm::kNumber) return number_keys(stems);
  Keys keys;
  keys.reserve(stems.size());
  for (const std::string& stem : stems) {
    keys.push_back(form == KeyForm::kStem ? pairing_key(stem) : pattern_key(pattern, stem));
  }
  return keys;
}

// "a-07b" -> texts {"a-", "b"}, numbers {"7"}.
struct Parts {
  std::vector<std::string> texts;
  std::vector<std::string> numbers;
};

Parts parts_of(std::string_view stem) {
  Parts parts;
  std::string text;
  for (std::size_t i = 0; i < stem.size();) {
    if (!is_digit(stem[i])) {
      text += stem[i++];
      continue;
    }
    const std::size_t end = digits_at(stem, i);
    parts.texts.push_back(std::exchange(text, {}));
    parts.numbers.push_back(pairing_key(stem.substr(i, end - i)));
    i = end;
  }
  parts.texts.push_back(text);
  return parts;
}

std::size_t pairs_under(const NameRule& rule, const std::vector<std::string>& lq,
                        const std::vector<std::string>& gt) {
  std::unordered_set<std::string> known;
  for (const auto& key : gt_keys(rule, gt)) {
    if (key) known.insert(*key);
  }
  const Keys keys = lq_keys(rule, lq);
  return static_cast<std::size_t>(std::count_if(
      keys.begin(), keys.end(), [&](const auto& key) { return key && known.count(*key) > 0; }));
}

}  // namespace

std::string pairing_key(std::string_view stem) {
  std::string key;
  for (std::size_t i = 0; i < stem.size();) {
    if (!is_digit(stem[i])) {
      key += stem[i++];
      continue;
    }
    const std::size_t end = digits_at(stem, i);
    while (i + 1 < end && stem[i] == '0') ++i;
    key += stem.substr(i, end - i);
    i = end;
  }
  return lower(key);
}

std::span<const NameRule> name_rules() { return kRules; }

Keys lq_keys(const NameRule& rule, const std::vector<std::string>& stems) {
  return keys_of(rule.form, rule.lq, stems);
}

Keys gt_keys(const NameRule& rule, const std::vector<std::string>& stems) {
  return keys_of(rule.form, rule.gt, stems);
}

Keys number_keys(const std::vector<std::string>& stems) {
  const Keys none(stems.size());
  if (stems.empty()) return none;
  std::vector<Parts> all;
  all.reserve(stems.size());
  for (const std::string& stem : stems) all.push_back(parts_of(lower(stem)));
  const Parts& first = all.front();
  std::vector<bool> varies(first.numbers.size(), false);
  for (const Parts& parts : all) {
    if (parts.texts != first.texts) return none;
    for (std::size_t i = 0; i < varies.size(); ++i) {
      if (parts.numbers[i] != first.numbers[i]) varies[i] = true;
    }
  }
  // A single name varies in nothing: its number is known only where there is but one.
  if (stems.size() == 1 && varies.size() == 1) varies[0] = true;
  if (std::count(varies.begin(), varies.end(), true) != 1) return none;
  const auto at =
      static_cast<std::size_t>(std::find(varies.begin(), varies.end(), true) - varies.begin());
  Keys keys;
  keys.reserve(all.size());
  for (const Parts& parts : all) keys.emplace_back(parts.numbers[at]);
  return keys;
}

const NameRule* best_rule(const std::vector<std::string>& lq, const std::vector<std::string>& gt) {
  const NameRule* best = nullptr;
  std::size_t best_pairs = 0;
  for (const NameRule& rule : kRules) {
    const std::size_t pairs = pairs_under(rule, lq, gt);
    if (pairs > best_pairs) {
      best = &rule;
      best_pairs = pairs;
    }
  }
  return best;
}

}  // namespace pluvia
