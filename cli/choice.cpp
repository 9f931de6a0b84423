// SPDX-License-Identifier: Apache-2.0
#include "cli/choice.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace pluvia::cli {

CLI::Validator a_size() {
  const auto check = [](std::string& word) {
    return parse_size(word) ? ""
                            : cat("'", word, "' is no size; expected WIDTHxHEIGHT, as 640x360");
  };
  return CLI::Validator(check, "");
}

CLI::Validator one_of(std::vector<std::string> words) {
  const std::string shown = "{" + join(words, ",") + "}";
  const auto check = [words = std::move(words)](std::string& word) {
    if (std::find(words.begin(), words.end(), word) != words.end()) return std::string();
    return cat("'", word, "' is none of ", join(words, ", "), did_you_mean(word, words));
  };
  return CLI::Validator(check, shown);
}

}  // namespace pluvia::cli
