// SPDX-License-Identifier: Apache-2.0
#include "eval/report/beside.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "eval/report/markdown.h"
#include "eval/report/tables.h"

namespace pluvia {
namespace {

bool starts_with(const std::string& text, const char* head) { return text.rfind(head, 0) == 0; }

/// Ours where we measured such a number, else one made from what the key says.
ScoreColumn column_of(const Comparison& comparison, const std::string& key) {
  for (const ScoreColumn& column : comparison.columns) {
    if (column.key == key) return column;
  }
  const std::string unit = starts_with(key, "psnr") ? "dB" : "";
  return {key, shown_name(key), key, "", unit, "", !starts_with(key, "lpips")};
}

double ours_of(const ComparedMethod& method, const std::string& key) {
  const auto found = method.mean.find(key);
  return found == method.mean.end() ? std::nan("") : found->second;
}

/// Keys of a table that we measured too, in its order.
std::vector<std::string> shared_keys(const Comparison& comparison, const PublishedTable& table) {
  std::vector<std::string> out;
  for (const std::string& key : table.metrics) {
    const auto same = [&](const ScoreColumn& column) { return column.key == key; };
    if (std::any_of(comparison.columns.begin(), comparison.columns.end(), same)) out.push_back(key);
  }
  return out;
}

std::string why_not(const Comparison& comparison, const PublishedTable& table) {
  return table.why_not_comparable(*comparison.methods.front().runs.front());
}

std::string signed_text(const ScoreColumn& column, double difference) {
  return (difference >= 0 ? "+" : "") + rounded(column, difference);
}

std::string source_line(const PublishedTable& table) {
  return markdown_text("Source: " + table.source + (table.note.empty() ? "" : ". " + table.note)) +
         "\n";
}

/// A line for each published method and each of ours.
std::string beside_table(const Comparison& comparison, const PublishedTable& table) {
  const std::vector<std::string> shared = shared_keys(comparison, table);
  std::string head = "| published | ours |";
  std::string line = "|---|---|";
  for (const std::string& key : shared) {
    const ScoreColumn column = column_of(comparison, key);
    const std::string unit = column.unit.empty() ? "" : " " + column.unit;
    for (const char* which : {", published", ", ours", ", difference"}) {
      head += " " + markdown_text(column.name + which + unit) + " |";
      line += "---:|";
    }
  }
  std::string out = head + "\n" + line + "\n";
  for (const ComparedMethod& method : comparison.methods) {
    for (const PublishedRow& row : table.rows) {
      out += "| " + markdown_text(row.method) + " | " + markdown_label(method) + " |";
      for (const std::string& key : shared) {
        const ScoreColumn column = column_of(comparison, key);
        const auto published = row.values.find(key);
        const double ours = ours_of(method, key);
        const bool known = published != row.values.end();
        out +=
            " " + (known ? rounded(column, published->second) : "n/a") + " | " +
            rounded(column, ours) + " | " +
            (known && !std::isnan(ours) ? signed_text(column, ours - published->second) : "n/a") +
            " |";
      }
      out += "\n";
    }
  }
  return out;
}

/// Which of the table's numbers we have not, or nothing.
std::string not_scored_line(const Comparison& comparison, const PublishedTable& table) {
  const std::vector<std::string> shared = shared_keys(comparison, table);
  std::vector<std::string> names;
  for (const std::string& key : table.metrics) {
    if (std::find(shared.begin(), shared.end(), key) != shared.end()) continue;
    names.push_back(shown_name(key));
  }
  return names.empty() ? "" : markdown_text("Not scored here: " + join(names, ", ") + ". ");
}

std::string table_alone(const Comparison& comparison, const PublishedTable& table) {
  std::string head = "| published |";
  std::string line = "|---|";
  for (const std::string& key : table.metrics) {
    const ScoreColumn column = column_of(comparison, key);
    head +=
        " " + markdown_text(column.name + (column.unit.empty() ? "" : " " + column.unit)) + " |";
    line += "---:|";
  }
  std::string out = head + "\n" + line + "\n";
  for (const PublishedRow& row : table.rows) {
    out += "| " + markdown_text(row.method) + " |";
    for (const std::string& key : table.metrics) {
      const auto value = row.values.find(key);
      out +=
          " " +
          (value == row.values.end() ? "n/a" : rounded(column_of(comparison, key), value->second)) +
          " |";
    }
    out += "\n";
  }
  return out;
}

}  // namespace

Json published_json(const Comparison& comparison, const PublishedTable& table) {
  const std::string why = why_not(comparison, table);
  Json out{{"title", table.title},      {"source", table.source},
           {"note", table.note},        {"why", why},
           {"comparable", why.empty()}, {"metrics", Json::array()},
           {"rows", Json::array()},     {"shared", shared_keys(comparison, table)}};
  for (const std::string& key : table.metrics) {
    const ScoreColumn column = column_of(comparison, key);
    out["metrics"].push_back({{"key", key},
                              {"name", column.name},
                              {"unit", column.unit},
                              {"higher_is_better", column.higher_is_better}});
  }
  for (const PublishedRow& row : table.rows) {
    out["rows"].push_back({{"method", row.method}, {"values", row.values}});
  }
  if (!why.empty()) return out;
  out["ours"] = Json::array();
  for (const ComparedMethod& method : comparison.methods) {
    Json values = Json::object();
    Json differences = Json::array();
    for (const std::string& key : shared_keys(comparison, table)) {
      values[key] = score_json(ours_of(method, key));
    }
    for (const PublishedRow& row : table.rows) {
      Json of_row = Json::object();
      for (const auto& [key, value] : row.values) {
        if (values.contains(key)) of_row[key] = score_json(ours_of(method, key) - value);
      }
      differences.push_back(std::move(of_row));
    }
    out["ours"].push_back({{"values", values}, {"differences", differences}});
  }
  return out;
}

std::string published_markdown(const Comparison& comparison,
                               const std::vector<PublishedTable>& tables) {
  std::string comparable;
  std::string apart;
  for (const PublishedTable& table : tables) {
    const std::string why = why_not(comparison, table);
    const std::string title = "\n### " + markdown_text(table.title) + "\n\n";
    if (why.empty()) {
      comparable += title + beside_table(comparison, table) + "\n" +
                    not_scored_line(comparison, table) + source_line(table);
    } else {
      apart += title + markdown_text(why) + "\n\n" + table_alone(comparison, table) + "\n" +
               source_line(table);
    }
  }
  std::string out;
  if (!comparable.empty()) {
    out +=
        "\n## Published numbers on the same data by the same protocol\n\n"
        "Difference: ours - published.\n" +
        comparable;
  }
  if (!apart.empty()) out += "\n## Other published numbers, not comparable\n" + apart;
  return out;
}

}  // namespace pluvia
