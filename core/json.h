// SPDX-License-Identifier: Apache-2.0
// JSON at our borders: recipes, protocols, journals, results. A thin layer over nlohmann-json (only
// forward declarations here) that turns parse errors into our one line, bounds depth and size of
// hostile text, and refuses keys that nobody knows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace pluvia {

using Json = nlohmann::ordered_json;

/// `place` names the text in errors ("manifests/recipes/vrds.json").
Json parse_json(std::string_view text, const std::string& place);
/// An Error that names each key of `object` outside `known` and the nearest known one.
void require_known_keys(const Json& object, const std::vector<std::string>& known,
                        const std::string& place);
/// Compact text with keys sorted: equal objects give equal text, the form that is hashed.
std::string canonical_text(const Json& value);
/// In one line, keys in their order. Bytes of names that are no UTF-8 are replaced.
std::string json_text(const Json& value);

/// As a user would write a value on the command line: text without quotes, all else as JSON.
std::string plain_text(const Json& value);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 are replaced.
std::string json_quoted(std::string_view text);

}  // namespace pluvia
