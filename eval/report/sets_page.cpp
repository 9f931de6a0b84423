// SPDX-License-Identifier: Apache-2.0
#include "eval/report/sets_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "eval/report/left_out.h"
#include "eval/report/page_json.h"

namespace pluvia {
namespace {

std::vector<ScoreColumn> whole_frames(const Comparison& comparison) {
  std::vector<ScoreColumn> out;
  for (const ScoreColumn& column : comparison.columns) {
    if (column.region.empty() && column.layer.empty()) out.push_back(column);
  }
  return out;
}

Json notes_of(const std::vector<SetPage>& sets) {
  Json notes = Json::array();
  for (const SetPage& set : sets) {
    for (const std::string& note : uneven_means(*set.comparison, whole_frames(*set.comparison))) {
      notes.push_back(set.name + ": " + note);
    }
  }
  return notes;
}

bool has_mean(const Comparison& table, const std::vector<SetPage>& sets) {
  return std::any_of(table.columns.begin(), table.columns.end(), [&](const ScoreColumn& column) {
    return std::none_of(sets.begin(), sets.end(),
                        [&](const SetPage& set) { return set.name == column.set; });
  });
}

}  // namespace

std::string sets_page(const Comparison& table, const std::vector<SetPage>& sets,
                      const PageRequest& request) {
  Json data{{"title", request.title},
            {"lead", counted(sets.size(), "data set")},
            {"exhibits", Json::array()},
            {"notes", notes_of(sets)},
            {"metrics", columns_json(table)},
            {"runs", Json::array()},
            {"against", nullptr},
            {"unit", "clip"},
            {"published", Json::array()},
            {"sweeps", plots_json(table, request.sweeps)},
            {"training", plots_json(table, request.training)},
            {"sets", Json::array()}};
  for (const ComparedMethod& method : table.methods) data["runs"].push_back(method_json(method));
  for (const SetPage& set : sets) {
    data["sets"].push_back({{"name", set.name},
                            {"page", set.folder + "/index.html"},
                            {"lead", set.comparison->origins.front()}});
  }
  data["table_hint"] = cat(
      "Small print: 95 % intervals of the means. Differences, tests, regions and pictures are on "
      "the sets' own pages. ",
      has_mean(table, sets)
          ? "The mean of sets is of their means, unweighted, of methods that were scored on all."
          : "The sets were scored by different protocols: a mean over them would mean nothing.");
  return page_with(data);
}

}  // namespace pluvia
