// SPDX-License-Identifier: Apache-2.0
// Parameters as a table of rows: name, kind, unit, help, default, range. Parsing of key=value and
// of JSON, help texts and the records in files all come from the table, so they cannot disagree.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "core/json.h"

namespace pluvia {

enum class ParamKind : std::uint8_t { kNumber, kInteger, kFlag, kChoice, kText };

struct Param {
  const char* name;
  ParamKind kind;
  const char* unit;      ///< "mm/h"; empty: a pure number
  const char* help;      ///< one clause
  const char* fallback;  ///< default, as the user would write it
  double low = 0;        ///< range of numbers, ends included
  double high = 0;
  const char* choices = "";  ///< "fixed|moving"
};

/// A table's values. Starts with the defaults; every change is checked against its row.
class Params {
 public:
  explicit Params(std::span<const Param> table);

  /// An Error of usage names the key and the nearest known one, or the range or the choices.
  void set(std::string_view name, std::string_view text);
  /// "key=value"
  void set_pair(std::string_view pair);
  /// Every key of a JSON object. `place` names it in errors.
  void set_all(const Json& object, const std::string& place);

  double number(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  const std::string& text(std::string_view name) const;

  /// All values in the order of the table: what is recorded and hashed.
  Json to_json() const;

 private:
  const std::string& value(std::string_view name, ParamKind kind) const;

  std::span<const Param> table_;
  std::map<std::string, std::string, std::less<>> values_;  ///< in canonical text
};

/// One line per row: "  rain_rate=25    rain rate, mm/h, 0 to 200".
std::string help_of(std::span<const Param> table);

}  // namespace pluvia
