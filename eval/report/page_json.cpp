// SPDX-License-Identifier: Apache-2.0
#include "eval/report/page_json.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/file.h"
#include "eval/metrics/regions.h"

namespace pluvia {

namespace report_assets {
extern const std::string_view page_html;
extern const std::string_view script_js;
extern const std::string_view style_css;
}  // namespace report_assets

namespace {

Json scores_json(const std::map<std::string, double>& scores) {
  Json out = Json::object();
  for (const auto& [key, value] : scores) out[key] = score_json(value);
  return out;
}

/// Six digits are more than a plot shows, and a third of the bytes.
Json drawn_json(double value) {
  if (!std::isfinite(value)) return score_json(value);
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return std::strtod(text, nullptr);
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
                   {"set", column.set},
                   {"unit", column.unit},
                   {"help", column.help},
                   {"higher_is_better", column.higher_is_better}});
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
      for (const double value : values) frames[key].push_back(drawn_json(value));
    }
    out["clips"].push_back({{"id", clip.id}, {"mean", scores_json(clip.mean)}, {"frames", frames}});
  }
  for (const auto& [key, difference] : method.against) {
    out["against"][key] = difference_json(difference);
  }
  return out;
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

std::string page_with(const Json& data) {
  return filled(report_assets::page_html, {{"/*STYLE*/", std::string(report_assets::style_css)},
                                           {"/*SCRIPT*/", std::string(report_assets::script_js)},
                                           {"/*DATA*/", safe_in_script(json_text(data))}});
}

}  // namespace pluvia
