// SPDX-License-Identifier: Apache-2.0
#include "eval/report/tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/error.h"
#include "core/text.h"
#include "eval/report/left_out.h"
#include "eval/report/markdown.h"

namespace pluvia {
namespace {

/// Rank among methods that do not see the truth by printed value: equal prints share a rank.
enum class Rank { kNone, kBest, kSecond };

Rank rank_of(const Comparison& comparison, const ScoreColumn& column,
             const ComparedMethod& method) {
  std::vector<std::string> printed;
  std::vector<std::pair<double, std::string>> order;
  for (const ComparedMethod& other : comparison.methods) {
    const double value = other.mean.at(column.key);
    if (!other.sees_truth && !std::isnan(value)) order.emplace_back(value, rounded(column, value));
  }
  std::sort(order.begin(), order.end());
  if (column.higher_is_better) std::reverse(order.begin(), order.end());
  for (const auto& [value, text] : order) {
    if (std::find(printed.begin(), printed.end(), text) == printed.end()) printed.push_back(text);
  }
  const std::string own = rounded(column, method.mean.at(column.key));
  if (method.sees_truth || order.size() < 2) return Rank::kNone;
  if (!printed.empty() && own == printed[0]) return Rank::kBest;
  if (printed.size() > 1 && own == printed[1]) return Rank::kSecond;
  return Rank::kNone;
}

/// A line break would end a comment, or a row.
std::string in_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  return text;
}

std::string latex_comment(const std::string& text) { return "% " + in_one_line(text) + "\n"; }

std::string latex_text(const std::string& text) {
  std::string out;
  for (const char c : in_one_line(text)) {
    if (std::string("&%$#_{}").find(c) != std::string::npos) out += '\\';
    if (c == '~' || c == '^' || c == '\\') {
      out += c == '\\' ? "\\textbackslash{}" : std::string("\\") + c + "{}";
    } else {
      out += c;
    }
  }
  return out;
}

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

/// What one printed table shows.
struct Part {
  std::vector<ScoreColumn> columns;
  std::vector<const ComparedMethod*> methods;
};

Part whole_frames(const Comparison& comparison) {
  Part out;
  for (const ScoreColumn& column : comparison.columns) {
    if (column.region.empty() && column.layer.empty()) out.columns.push_back(column);
  }
  for (const ComparedMethod& method : comparison.methods) out.methods.push_back(&method);
  return out;
}

/// What methods claim to see, and those that claim anything.
Part claimed_layers(const Comparison& comparison) {
  Part out;
  for (const ScoreColumn& column : comparison.columns) {
    if (!column.layer.empty()) out.columns.push_back(column);
  }
  for (const ComparedMethod& method : comparison.methods) {
    if (method.claims_layers()) out.methods.push_back(&method);
  }
  return out;
}

/// A number of a table for programs: empty where there is none.
std::string csv_number(double value) {
  if (std::isnan(value)) return "";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return to_text(value);
}

/// One after the other, each once.
std::string different_ones(const std::vector<const RunRecord*>& runs,
                           std::string RunRecord::*member) {
  std::vector<std::string> found;
  for (const RunRecord* run : runs) {
    const std::string& text = run->*member;
    if (std::find(found.begin(), found.end(), text) == found.end()) found.push_back(text);
  }
  return join(found, " ");
}

std::string csv_interval(const std::optional<std::pair<double, double>>& interval) {
  return interval ? to_text(interval->first) + "," + to_text(interval->second) : ",";
}

/// What the table says of a difference, in order: of regions the first three.
constexpr std::array<const char*, 8> kDifferenceFields = {
    "_delta",  "_delta_low95", "_delta_high95",    "_p",
    "_p_holm", "_p_wilcoxon",  "_p_wilcoxon_holm", "_d"};

/// Nothing is compared over sets.
std::size_t difference_fields(const ScoreColumn& column) {
  if (!column.layer.empty() || !column.set.empty()) return 0;
  return column.region.empty() ? kDifferenceFields.size() : 3;
}

/// Of the reference itself, and where nothing is known, as many empty fields.
std::string csv_difference(const ComparedMethod& method, const ScoreColumn& column) {
  const auto found = method.against.find(column.key);
  if (found == method.against.end()) return std::string(difference_fields(column), ',');
  const Difference& d = found->second;
  std::string out = "," + csv_number(d.delta) + "," + csv_interval(d.interval);
  if (!d.tested) return out;
  for (const double value : {d.p, d.p_corrected, d.p_wilcoxon, d.p_wilcoxon_corrected, d.dz}) {
    out += "," + csv_number(value);
  }
  return out;
}

/// Where columns are of several data sets: their names over their columns.
std::string latex_sets(const std::vector<ScoreColumn>& columns) {
  std::string names;
  std::string lines;
  for (std::size_t first = 0, end = 0; first < columns.size(); first = end) {
    while (end < columns.size() && columns[end].set == columns[first].set) ++end;
    names += cat(" & \\multicolumn{", end - first, "}{c}{", latex_text(columns[first].set), "}");
    lines += cat("\\cmidrule(lr){", first + 2, "-", end + 1, "}");
  }
  const bool several = !columns.empty() && !columns.front().set.empty();
  return several ? names + " \\\\\n" + lines + "\n" : "";
}

std::string latex_part(const Comparison& comparison, const Part& part) {
  std::string out = "\\begin{tabular}{l";
  out += std::string(part.columns.size(), 'r') + "}\n\\toprule\n";
  out += latex_sets(part.columns) + "Method";
  for (const ScoreColumn& column : part.columns) {
    out += " & " + latex_text(head_of(column)) +
           (column.higher_is_better ? " $\\uparrow$" : " $\\downarrow$");
  }
  out += " \\\\\n\\midrule\n";
  for (const ComparedMethod* method : part.methods) {
    const std::string label = latex_text(method->label);
    out += method->sees_truth ? "\\textit{" + label + "}" : label;
    for (const ScoreColumn& column : part.columns) {
      const std::string text = rounded(column, method->mean.at(column.key));
      const Rank rank = rank_of(comparison, column, *method);
      out += " & ";
      if (rank == Rank::kBest) out += "\\textbf{" + text + "}";
      if (rank == Rank::kSecond) out += "\\underline{" + text + "}";
      if (rank == Rank::kNone) out += text;
    }
    out += " \\\\\n";
  }
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string markdown_part(const Comparison& comparison, const Part& part) {
  std::string out = "| method |";
  std::string line = "|---|";
  for (const ScoreColumn& column : part.columns) {
    const std::string set = column.set.empty() ? "" : column.set + " ";
    out += " " + markdown_text(set + head_of(column)) +
           (column.unit.empty() ? "" : " " + column.unit) + " |";
    line += "---:|";
  }
  out += "\n" + line + "\n";
  for (const ComparedMethod* method : part.methods) {
    out += "| " + markdown_label(*method) + " |";
    for (const ScoreColumn& column : part.columns) {
      const std::string text = rounded(column, method->mean.at(column.key));
      const Rank rank = rank_of(comparison, column, *method);
      const std::string mark = rank == Rank::kBest ? "**" : rank == Rank::kSecond ? "_" : "";
      out += " " + mark + text + mark + " |";
    }
    out += "\n";
  }
  return out;
}

}  // namespace

std::string rounded(const ScoreColumn& column, double value) {
  if (std::isnan(value)) return "n/a";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[64];
  std::snprintf(text, sizeof text, column.unit == "dB" || column.unit == "/255" ? "%.2f" : "%.4f",
                value);
  return text;
}

std::string latex_table(const Comparison& comparison) {
  const Part whole = whole_frames(comparison);
  std::string out =
      "% needs \\usepackage{booktabs}; best bold, second underlined; in italics: sees "
      "the ground truth\n";
  for (const std::string& origin : comparison.origins) out += latex_comment(origin);
  out += latex_part(comparison, whole);
  for (const std::string& note : uneven_means(comparison, whole.columns)) {
    out += latex_comment(note);
  }
  const Part claimed = claimed_layers(comparison);
  if (claimed.columns.empty()) return out;
  out += "\n% what methods claim to see beside the clean frame\n" + latex_part(comparison, claimed);
  for (const std::string& note : uneven_means(comparison, claimed.columns)) {
    out += latex_comment(note);
  }
  return out;
}

std::string csv_table(const Comparison& comparison) {
  std::string out = "method,sees_truth,runs,clips";
  for (const ScoreColumn& column : comparison.columns) {
    for (const char* what : {"", "_low95", "_high95"}) out += "," + csv_text(column.key + what);
  }
  out += ",unit,units,identical_frames,protocol,protocol_sha256,data_sha256";
  for (const ScoreColumn& column : comparison.columns) {
    for (std::size_t i = 0; i < difference_fields(column); ++i) {
      out += "," + csv_text(column.key + kDifferenceFields[i]);
    }
  }
  out += "\n";
  for (const ComparedMethod& method : comparison.methods) {
    out += csv_text(method.label) + (method.sees_truth ? ",yes," : ",no,") +
           std::to_string(method.seeds) + "," + std::to_string(method.clips.size());
    for (const ScoreColumn& column : comparison.columns) {
      const auto interval = method.interval.find(column.key);
      out += "," + csv_number(method.mean.at(column.key)) + ",";
      out += csv_interval(interval == method.interval.end() ? std::nullopt
                                                            : std::optional(interval->second));
    }
    int identical = 0;
    for (const RunRecord* run : method.runs) identical += run->identical_frames;
    out += "," + comparison.unit + "," + std::to_string(comparison.units) + "," +
           std::to_string(identical);
    for (const auto member :
         {&RunRecord::protocol_name, &RunRecord::protocol_sha256, &RunRecord::data_sha256}) {
      out += "," + csv_text(different_ones(method.runs, member));
    }
    for (const ScoreColumn& column : comparison.columns) {
      if (difference_fields(column) > 0) out += csv_difference(method, column);
    }
    out += "\n";
  }
  return out;
}

std::string markdown_table(const Comparison& comparison) {
  const Part whole = whole_frames(comparison);
  std::string out = markdown_part(comparison, whole);
  for (const std::string& origin : comparison.origins) out += "\n" + markdown_text(origin) + "\n";
  for (const std::string& note : uneven_means(comparison, whole.columns))
    out += "\n" + markdown_text(note) + "\n";
  const Part claimed = claimed_layers(comparison);
  if (claimed.columns.empty()) return out;
  out += "\nWhat methods claim to see beside the clean frame:\n\n" +
         markdown_part(comparison, claimed);
  for (const std::string& note : uneven_means(comparison, claimed.columns)) {
    out += "\n" + markdown_text(note) + "\n";
  }
  return out;
}

}  // namespace pluvia
