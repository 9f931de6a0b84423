// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/splits.h"

#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "datasets/layouts/plan.h"

namespace pluvia {

Splits Splits::load(const std::filesystem::path& file) {
  Splits splits;
  if (file.empty()) return splits;
  splits.file_ = file.string();
  const Json json = parse_json(read_text(file), splits.file_);
  if (!json.is_object()) {
    fail(splits.file_, ": expected an object {\"train\": [names], \"test\": [names]}, found ",
         json.type_name());
  }
  for (const auto& [split, names] : json.items()) {
    if (split != safe_id(split)) {
      fail(splits.file_, ": split name '", split,
           "' has other characters than letters, digits, ._-");
    }
    if (!names.is_array()) fail(splits.file_, ": '", split, "': expected a list of names");
    for (const Json& name : names) {
      if (!name.is_string())
        fail(splits.file_, ": '", split, "': expected names, found ", name.dump());
      const auto text = name.get<std::string>();
      const auto [known, fresh] = splits.split_of_.emplace(text, split);
      if (fresh) continue;
      fail(splits.file_, ": '", text, "' is named twice (", known->second, " and ", split, ")");
    }
  }
  return splits;
}

void Splits::apply(const std::vector<std::string>& names, std::string& split) {
  if (file_.empty()) return;
  for (const std::string& name : names) {
    seen_.push_back(name);
    const auto found = split_of_.find(name);
    if (found == split_of_.end()) continue;
    split = found->second;
    used_.insert(name);
    return;
  }
  ++unnamed_;
}

void Splits::finish(std::vector<std::string>& warnings) const {
  if (file_.empty()) return;
  std::vector<std::string> unknown;
  for (const auto& [name, split] : split_of_) {
    if (used_.count(name) == 0) unknown.push_back("'" + name + "'" + did_you_mean(name, seen_));
  }
  if (!unknown.empty()) {
    fail(file_, ": ",
         unknown.size() == 1 ? "no clip or picture is called " : "no clips or pictures are called ",
         list_some(unknown));
  }
  if (unnamed_ > 0)
    warnings.push_back(cat(file_, " names no split for ", counted(unnamed_, "item")));
}

}  // namespace pluvia
