// SPDX-License-Identifier: Apache-2.0
#include "eval/report/page.h"

#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"
#include "eval/report/beside.h"
#include "eval/report/exhibits.h"
#include "eval/report/left_out.h"
#include "eval/report/page_json.h"

namespace pluvia {
namespace {

/// Sign flips of five clips have 32 outcomes: no p below 0.05 both ways.
constexpr std::size_t kFewUnits = 6;

/// Those that the page has tables of.
std::vector<ScoreColumn> shown_columns(const Comparison& comparison) {
  std::vector<ScoreColumn> out;
  for (const ScoreColumn& column : comparison.columns) {
    const bool shown = column.region.empty() || column.base == comparison.columns.front().key;
    if (shown) out.push_back(column);
  }
  return out;
}

void add_notes(const ComparedMethod& method, Json& notes) {
  if (method.runs.size() > 1) {
    notes.push_back(cat(method.label, ": ", method.runs.size(),
                        " records of this label are taken for training seeds of one method."));
  }
  for (const RunRecord* run : method.runs) {
    if (run->identical_frames > 0) {
      notes.push_back(cat(method.label, ": ",
                          counted(run->identical_frames, run->of_pictures ? "picture" : "frame"),
                          run->identical_frames == 1 ? " equals" : " equal", " the truth exactly"));
    }
    if (!run->infinite.empty()) {
      std::vector<std::string> parts;
      for (const auto& [key, frames] : run->infinite) parts.push_back(cat(key, " of ", frames));
      notes.push_back(cat(method.label, ": infinite scores of frames (", list_some(parts),
                          run->infinite_counts ? ") make their means infinite"
                                               : ") are left out of means that have others"));
    }
    for (const std::string& layer : run->layers_left_out) {
      notes.push_back(
          cat(method.label, " also claims to see a layer that was not scored; ", layer));
    }
  }
}

Json notes_of(const Comparison& comparison, bool pictures_left_out) {
  Json notes = Json::array();
  for (std::string& note : uneven_means(comparison, shown_columns(comparison))) {
    notes.push_back(std::move(note));
  }
  for (const ComparedMethod& method : comparison.methods) add_notes(method, notes);
  if (comparison.units < kFewUnits) {
    notes.push_back(cat("With ", counted(comparison.units, comparison.unit),
                        " intervals are rough and no small difference can be significant."));
  }
  if (pictures_left_out)
    notes.push_back("Some pictures were left out: too many, or no longer there.");
  return notes;
}

}  // namespace

std::string report_page(const Comparison& comparison, const PageRequest& request) {
  Json exhibits = exhibits_json(comparison);
  Json data{{"title", request.title}, {"lead", comparison.origins.front()}};
  data["exhibits"] = std::move(exhibits["list"]);
  data["notes"] = notes_of(comparison, exhibits["left_out"].get<bool>());
  data["metrics"] = columns_json(comparison);
  data["runs"] = Json::array();
  for (const ComparedMethod& method : comparison.methods)
    data["runs"].push_back(method_json(method));
  data["against"] = comparison.reference ? Json(*comparison.reference) : Json(nullptr);
  data["unit"] = comparison.unit;
  data["table_hint"] = cat(
      "Small print: 95 % intervals by bootstrap over ", comparison.unit,
      "s (and training seeds), of means as the protocol takes them; p by sign flips over ",
      comparison.unit,
      "s and W by Wilcoxon's signed ranks, each corrected by Holm for all "
      "comparisons here; d is the effect size, mean over standard deviation of the differences of ",
      comparison.unit, "s. In italics: sees the ground truth, an upper bound and no method.");
  data["published"] = Json::array();
  for (const PublishedTable& table : request.published) {
    data["published"].push_back(published_json(comparison, table));
  }
  data["sweeps"] = plots_json(comparison, request.sweeps);
  data["training"] = plots_json(comparison, request.training);
  data["sets"] = Json::array();
  return page_with(data);
}

}  // namespace pluvia
