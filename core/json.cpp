// SPDX-License-Identifier: Apache-2.0
#include "core/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {

Json parse_json(std::string_view text, const std::string& place) {
  constexpr std::size_t kLimitBytes = 256U << 20;
  constexpr int kLimitDepth = 64;
  if (text.size() > kLimitBytes) fail(place, ": ", text.size(), " bytes of JSON are too many");
  bool too_deep = false;
  std::vector<std::unordered_set<std::string>> keys;  // of the objects that are open
  const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    too_deep = too_deep || depth > kLimitDepth;
    if (too_deep) return false;
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto key = parsed.get<std::string>();
      // Readers differ in which one they take.
      const bool first = keys.back().insert(key).second;
      if (!first) fail(place, ": key '", one_line(key), "' is there twice");
    }
    return true;
  };
  try {
    Json value = Json::parse(text, watch);
    if (too_deep) fail(place, ": JSON nested deeper than ", kLimitDepth);
    return value;
  } catch (const Json::parse_error& error) {
    std::size_t line = 1;
    for (const char c : text.substr(0, error.byte)) line += c == '\n' ? 1 : 0;
    fail(place, ": not valid JSON at line ", line, " (byte ", error.byte, ")");
  } catch (const Json::out_of_range&) {
    fail(place, ": a number in it is too large for a double");
  }
}

void require_known_keys(const Json& object, const std::vector<std::string>& known,
                        const std::string& place) {
  if (!object.is_object()) fail(place, ": expected an object, found ", object.type_name());
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      fail(place, ": unknown key '", one_line(key), "'", did_you_mean(key, known),
           "; known: ", list_some(known, 30));
    }
  }
}

std::string canonical_text(const Json& value) {
  return nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

std::string json_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string plain_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string json_quoted(std::string_view text) { return json_text(Json(text)); }

}  // namespace pluvia
