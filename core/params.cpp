// SPDX-License-Identifier: Apache-2.0
#include "core/params.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

const Param* find(std::span<const Param> table, std::string_view name) {
  const auto row = std::find_if(table.begin(), table.end(),
                                [&](const Param& param) { return name == param.name; });
  return row == table.end() ? nullptr : &*row;
}

std::string range_text(const Param& row) {
  std::string text = to_text(row.low) + " to " + to_text(row.high);
  return *row.unit == '\0' ? text : text + " " + row.unit;
}

[[noreturn]] void refuse(const Param& row, std::string_view text, const std::string& expected) {
  fail_usage(row.name, "=", text, ": expected ", expected);
}

std::string checked_number(const Param& row, std::string_view text) {
  const auto value = parse_double(text);
  // Written so that NaN, which compares false with everything, is refused as well.
  if (!value || !(*value >= row.low && *value <= row.high)) {
    refuse(row, text, "a number from " + range_text(row));
  }
  return to_text(*value);
}

std::string checked_integer(const Param& row, std::string_view text) {
  const auto value = parse_int(text);
  if (!value || static_cast<double>(*value) < row.low || static_cast<double>(*value) > row.high) {
    refuse(row, text, "a whole number from " + range_text(row));
  }
  return std::to_string(*value);
}

std::string checked_flag(const Param& row, std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return "true";
  if (word == "false" || word == "no" || word == "off" || word == "0") return "false";
  refuse(row, text, "true or false");
}

std::string checked_choice(const Param& row, std::string_view text) {
  const std::vector<std::string> choices = split(row.choices, '|');
  if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
    refuse(row, text, "one of " + join(choices, ", ") + did_you_mean(text, choices));
  }
  return std::string(text);
}

std::string checked(const Param& row, std::string_view text) {
  switch (row.kind) {
    case ParamKind::kNumber:
      return checked_number(row, text);
    case ParamKind::kInteger:
      return checked_integer(row, text);
    case ParamKind::kFlag:
      return checked_flag(row, text);
    case ParamKind::kChoice:
      return checked_choice(row, text);
    case ParamKind::kText:
      break;
  }
  if (!is_valid_utf8(text)) refuse(row, "...", "UTF-8 text");
  return std::string(text);
}

std::string text_of(const Json& value, const std::string& place) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_float()) return to_text(value.get<double>());
  if (value.is_number()) return value.dump();
  fail_usage(place, ": expected a number, a text or true/false, found ", value.type_name());
}

}  // namespace

Params::Params(std::span<const Param> table) : table_(table) {
  for (const Param& row : table) values_[row.name] = checked(row, row.fallback);
}

void Params::set(std::string_view name, std::string_view text) {
  const Param* const row = find(table_, name);
  if (row == nullptr) {
    std::vector<std::string> names;
    for (const Param& known : table_) names.emplace_back(known.name);
    fail_usage("unknown parameter '", name, "'", did_you_mean(name, names),
               "; known: ", list_some(names, 30));
  }
  values_[row->name] = checked(*row, text);
}

void Params::set_pair(std::string_view pair) {
  const std::size_t sign = pair.find('=');
  if (sign == std::string_view::npos || sign == 0) {
    fail_usage("'", pair, "': expected key=value");
  }
  set(pair.substr(0, sign), pair.substr(sign + 1));
}

void Params::set_all(const Json& object, const std::string& place) {
  if (!object.is_object()) fail_usage(place, ": expected an object, found ", object.type_name());
  for (const auto& [key, value] : object.items()) {
    within(place, [&, &name = key, &content = value] { set(name, text_of(content, name)); });
  }
}

const std::string& Params::value(std::string_view name, ParamKind kind) const {
  const Param* const row = find(table_, name);
  PLUVIA_CHECK(row != nullptr && row->kind == kind, name);
  return values_.find(name)->second;
}

double Params::number(std::string_view name) const {
  return *parse_double(value(name, ParamKind::kNumber));
}

std::int64_t Params::integer(std::string_view name) const {
  return *parse_int(value(name, ParamKind::kInteger));
}

bool Params::flag(std::string_view name) const { return value(name, ParamKind::kFlag) == "true"; }

const std::string& Params::text(std::string_view name) const {
  const Param* const row = find(table_, name);
  PLUVIA_CHECK(row != nullptr, name);
  return value(name, row->kind);
}

Json Params::to_json() const {
  Json out = Json::object();
  for (const Param& row : table_) {
    switch (row.kind) {
      case ParamKind::kNumber:
        out[row.name] = number(row.name);
        break;
      case ParamKind::kInteger:
        out[row.name] = integer(row.name);
        break;
      case ParamKind::kFlag:
        out[row.name] = flag(row.name);
        break;
      case ParamKind::kChoice:
      case ParamKind::kText:
        out[row.name] = text(row.name);
        break;
    }
  }
  return out;
}

std::string help_of(std::span<const Param> table) {
  std::string out;
  for (const Param& row : table) {
    std::string line = cat("  ", row.name, "=", row.fallback);
    line += std::string(line.size() < 27 ? 28 - line.size() : 1, ' ') + row.help;
    if (row.kind == ParamKind::kNumber || row.kind == ParamKind::kInteger) {
      line += ", " + range_text(row);
    } else if (row.kind == ParamKind::kChoice) {
      line += ": " + join(split(row.choices, '|'), ", ");
    }
    out += line + "\n";
  }
  return out;
}

}  // namespace pluvia
