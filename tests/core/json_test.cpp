// SPDX-License-Identifier: Apache-2.0
// What parse_json refuses that a JSON parser alone would take, and how it says so.
#include "core/json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace pluvia {
namespace {

std::string error_of(const std::string& text) {
  try {
    require_known_keys(parse_json(text, "f.json"), {"a", "b"}, "f.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Json, RefusesInOneLineWithThePlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"a": 1, "b": 2})", "no error"},
      {R"({"a": 1, "a": 2})", "f.json: key 'a' is there twice"},
      {R"({"a": {"x": 1, "x": 1}})", "f.json: key 'x' is there twice"},
      {R"({"a": {"x": 1}, "b": {"x": 1}})", "no error"},
      {R"([{"a": 1}, {"a": 1}])", "f.json: expected an object, found array"},
      {"{\n\"a\": }", "f.json: not valid JSON at line 2 (byte 8)"},
      {R"({"a": 1e999})", "f.json: a number in it is too large for a double"},
      {R"({"a": -1e999})", "f.json: a number in it is too large for a double"},
      {R"({"x\n\u0007": 1})",
       "f.json: unknown key 'x?"
       "?'"},
      {std::string(70, '[') + std::string(70, ']'), "f.json: JSON nested deeper than 64"},
      {R"({"a": )" + std::string(70, '[') + std::string(70, ']') + R"(, "a": 1})",
       "f.json: JSON nested deeper than 64"}};
  for (const auto& [text, expected] : cases) {
    const std::string found = error_of(text);
    EXPECT_EQ(found.substr(0, expected.size()), expected) << text;
  }
}

}  // namespace
}  // namespace pluvia
