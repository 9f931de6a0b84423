// SPDX-License-Identifier: Apache-2.0
#include "eval/report/page.h"

#include <nlohmann/json.hpp>
#include <string_view>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "eval/metrics/regions.h"
#include "eval/report/beside.h"
#include "eval/report/exhibits.h"
#include "eval/report/left_out.h"

namespace pluvia {

namespace report_assets {
extern const std::string_view page_html;
extern const std::string_view script_js;
extern const std::string_view style_css;
}  // namespace report_assets

namespace {

/// Sign flips of five clips have 32 outcomes: no p below 0.05 both ways.
constexpr std::size_t kFewUnits = 6;

Json columns_json(const Comparison& comparison) {
  Json out = Json::array();
  for (const ScoreColumn& column : comparison.columns) {
    const RegionWords region = region_words(column.region);
    out.push_back({{"key", column.key},
                   {"name", column.name},
                   {"base", column.base},
                   {"region", column.region},
                   {"region_title", region.title},
                   {"region_rule", region.rule},
                   {"layer", column.layer},
                   {"unit", column.unit},
                   {"help", column.help},
                   {"higher_is_better", column.higher_is_better}});
  }
  return out;
}

Json scores_json(const std::map<std::string, double>& scores) {
  Json out = Json::object();
  for (const auto& [key, value] : scores) out[key] = score_json(value);
  return out;
}

Json provenance_json(const ComparedMethod& method) {
  Json out = Json::array();
  for (const RunRecord* run : method.runs) {
    Json json = Json::parse(run->json);
    for (const char* heavy : {"clips", "columns", "pictures", "mean"}) json.erase(heavy);
    json["record"] = run->file.filename().string();
    out.push_back(std::move(json));
  }
  return out.size() == 1 ? out[0] : out;
}

/// p as the page prints them: after Holm.
Json difference_json(const Difference& difference) {
  Json out{{"delta", score_json(difference.delta)}, {"interval", nullptr}};
  if (difference.tested) {
    out["p"] = difference.p_corrected;
    out["p_wilcoxon"] = difference.p_wilcoxon_corrected;
    out["dz"] = score_json(difference.dz);
  }
  if (difference.interval) {
    out["interval"] = {difference.interval->first, difference.interval->second};
  }
  return out;
}

Json method_json(const ComparedMethod& method) {
  Json out{{"label", method.label},
           {"sees_truth", method.sees_truth},
           {"claims_layers", method.claims_layers()},
           {"mean", scores_json(method.mean)},
           {"interval", Json::object()},
           {"clips", Json::array()},
           {"seconds_per_frame", method.seconds_per_frame},
           {"against", Json::object()},
           {"provenance", provenance_json(method)}};
  for (const auto& [key, interval] : method.interval) {
    out["interval"][key] = {interval.first, interval.second};
  }
  for (const RunClip& clip : method.clips) {
    Json frames = Json::object();
    for (const auto& [key, values] : clip.frames) {
      for (const double value : values) frames[key].push_back(score_json(value));
    }
    out["clips"].push_back({{"id", clip.id}, {"mean", scores_json(clip.mean)}, {"frames", frames}});
  }
  for (const auto& [key, difference] : method.against) {
    out["against"][key] = difference_json(difference);
  }
  return out;
}

std::string lead_of(const Comparison& comparison) {
  const RunRecord& run = *comparison.methods.front().runs.front();
  std::string content = counted(comparison.units, comparison.unit);
  if (!run.of_pictures) content += ", " + counted(run.frames_scored, "frame");
  return cat(content, ", protocol ", run.protocol_name, " (", run.protocol_sha256.substr(0, 12),
             "), data ", run.data_sha256.substr(0, 12));
}

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
                          run->identical_frames == 1 ? " equals" : " equal",
                          " the truth exactly; their infinite PSNR follows the "
                          "protocol's rule"));
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

Json plots_json(const Comparison& comparison, const std::vector<PagePlot>& plots) {
  Json out = Json::array();
  for (const PagePlot& plot : plots) {
    Json series = Json::array();
    for (const PagePlot::Series& one : plot.series) {
      std::size_t run = 0;
      while (run < comparison.methods.size() && comparison.methods[run].label != one.label) ++run;
      Json points = Json::array();
      for (const auto& [x, y] : one.points) points.push_back({x, y});
      series.push_back({{"run", run}, {"name", one.label}, {"points", points}});
    }
    out.push_back({{"title", plot.title}, {"x", plot.x}, {"y", plot.y}, {"series", series}});
  }
  return out;
}

/// A script ends at "</script", and not even there after "<!--" and "<script". In JSON every "<" is
/// inside a text, where it can be written by its number.
std::string safe_in_script(const std::string& json) {
  std::string out;
  for (const char c : json) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

std::string filled(std::string_view page, const std::map<std::string, std::string>& parts) {
  std::string out;
  while (true) {
    std::size_t first = std::string_view::npos;
    const std::pair<const std::string, std::string>* part = nullptr;
    for (const auto& entry : parts) {
      const std::size_t at = page.find(entry.first);
      if (at < first) {
        first = at;
        part = &entry;
      }
    }
    if (part == nullptr) return out + std::string(page);
    out += page.substr(0, first);
    out += part->second;
    page.remove_prefix(first + part->first.size());
  }
}

}  // namespace

std::string report_page(const Comparison& comparison, const PageRequest& request) {
  Json exhibits = exhibits_json(comparison);
  Json data{{"title", request.title}, {"lead", lead_of(comparison)}};
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
  return filled(report_assets::page_html, {{"/*STYLE*/", std::string(report_assets::style_css)},
                                           {"/*SCRIPT*/", std::string(report_assets::script_js)},
                                           {"/*DATA*/", safe_in_script(data.dump())}});
}

}  // namespace pluvia
