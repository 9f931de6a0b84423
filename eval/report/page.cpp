// SPDX-License-Identifier: Apache-2.0
#include "eval/report/page.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "core/base64.h"
#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "eval/report/left_out.h"
#include "eval/report/units.h"

namespace pluvia {

namespace report_assets {
extern const std::string_view page_html;
extern const std::string_view script_js;
extern const std::string_view style_css;
}  // namespace report_assets

namespace {

namespace fs = std::filesystem;

/// A page beyond this opens slowly; further pictures are left out and that is said.
constexpr std::size_t kPictureBytes = 60 << 20;

Json columns_json(const Comparison& comparison) {
  Json out = Json::array();
  for (const ScoreColumn& column : comparison.columns) {
    out.push_back({{"key", column.key},
                   {"name", column.name},
                   {"base", column.base},
                   {"region", column.region},
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
  Json out{{"delta", score_json(difference.delta)},
           {"interval", nullptr},
           {"p", difference.p_corrected},
           {"p_wilcoxon", difference.p_wilcoxon_corrected},
           {"dz", score_json(difference.dz)}};
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

/// Pictures of the first run of each method as data addresses, frame by frame.
class Exhibits {
 public:
  explicit Exhibits(const Comparison& comparison) : comparison_(comparison) {}

  Json all() {
    std::vector<Json> list;
    for (const RunPicture* frame : frames_in_order()) {
      if (bytes_ > kPictureBytes) {
        left_out_ = true;
        break;
      }
      Json exhibit = exhibit_of(*frame);
      if (!exhibit.is_null()) list.push_back(std::move(exhibit));
    }
    // Frames that every method kept first: there methods can be compared.
    std::stable_sort(list.begin(), list.end(), [](const Json& a, const Json& b) {
      return a["predictions"].size() > b["predictions"].size();
    });
    return list;
  }
  bool left_out() const { return left_out_; }

 private:
  const RunRecord& run(std::size_t method) const { return *comparison_.methods[method].runs[0]; }

  /// Every frame once, the worst of any method first.
  std::vector<const RunPicture*> frames_in_order() const {
    std::vector<const RunPicture*> frames;
    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t m = 0; m < comparison_.methods.size(); ++m) {
      for (const RunPicture& picture : run(m).pictures) {
        if (seen.insert({picture.clip, picture.frame}).second) frames.push_back(&picture);
      }
    }
    const bool up = comparison_.columns.front().higher_is_better;
    std::stable_sort(frames.begin(), frames.end(), [&](const RunPicture* a, const RunPicture* b) {
      return up ? a->score < b->score : a->score > b->score;
    });
    return frames;
  }

  Json exhibit_of(const RunPicture& frame) {
    const char* const of = comparison_.unit == "picture" ? ", picture " : ", frame ";
    const char* const in = comparison_.unit == "picture" ? "stack " : "clip ";
    Json out{{"name", in + frame.clip + of + frame.frame}, {"predictions", Json::object()}};
    for (std::size_t m = 0; m < comparison_.methods.size(); ++m) {
      for (const RunPicture& picture : run(m).pictures) {
        if (picture.clip != frame.clip || picture.frame != frame.frame) continue;
        const fs::path folder = run(m).file.parent_path();
        if (!out.contains("rainy")) {
          const std::string rainy = address_of(folder / picture.rainy);
          const std::string truth = address_of(folder / picture.truth);
          if (rainy.empty() || truth.empty()) continue;
          out["rainy"] = rainy;
          out["truth"] = truth;
        }
        const std::string prediction = address_of(folder / picture.prediction);
        if (!prediction.empty()) out["predictions"][std::to_string(m)] = prediction;
        for (const LayerPicture& layer : picture.layers) add_layer(layer, folder, m, out);
      }
    }
    return out.contains("rainy") && !out["predictions"].empty() ? out : Json();
  }

  /// {"layers": {"mask": {"truth", "claimed": {"0": ...}}}}
  void add_layer(const LayerPicture& layer, const fs::path& folder, std::size_t method, Json& out) {
    const std::string claimed = address_of(folder / layer.claimed);
    Json to =
        out.contains("layers") ? out["layers"].value(layer.layer, Json::object()) : Json::object();
    if (!to.contains("truth")) to["truth"] = address_of(folder / layer.truth);
    if (claimed.empty() || to["truth"].get<std::string>().empty()) return;
    to["claimed"][std::to_string(method)] = claimed;
    out["layers"][layer.layer] = std::move(to);
  }

  /// Empty when the picture is no longer there.
  std::string address_of(const fs::path& file) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) {
      left_out_ = true;
      return "";
    }
    const std::string bytes = read_text(file);
    bytes_ += bytes.size();
    return "data:image/png;base64," + base64(std::as_bytes(std::span(bytes)));
  }

  const Comparison& comparison_;
  std::size_t bytes_ = 0;
  bool left_out_ = false;
};

Json published_json(const Comparison& comparison, const PublishedTable& table) {
  const RunRecord& run = *comparison.methods.front().runs.front();
  const std::string why = table.why_not_comparable(run.data_sha256, run.protocol_name);
  Json out{{"title", table.title}, {"source", table.source},    {"note", table.note},
           {"why", why},           {"comparable", why.empty()}, {"metrics", table.metrics},
           {"rows", Json::array()}};
  for (const PublishedRow& row : table.rows) {
    out["rows"].push_back({{"method", row.method}, {"values", row.values}});
  }
  if (why.empty()) {
    for (const ComparedMethod& method : comparison.methods) {
      Json values = Json::object();
      for (const std::string& key : table.metrics) {
        const auto found = method.mean.find(key);
        if (found != method.mean.end()) values[key] = score_json(found->second);
      }
      out["rows"].push_back({{"method", method.label + " (here)"}, {"values", values}});
    }
  }
  return out;
}

std::string lead_of(const Comparison& comparison) {
  const RunRecord& run = *comparison.methods.front().runs.front();
  std::size_t frames = 0;
  for (const RunClip& clip : run.clips) {
    frames += frame_count(clip);
  }
  std::string content = counted(comparison.units, comparison.unit);
  if (!run.of_pictures) content += ", " + counted(frames, "frame");
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

Json notes_of(const Comparison& comparison, bool pictures_left_out) {
  Json notes = Json::array();
  for (std::string& note : uneven_means(comparison, shown_columns(comparison))) {
    notes.push_back(std::move(note));
  }
  for (const ComparedMethod& method : comparison.methods) {
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
  if (comparison.units < 6) {
    notes.push_back(cat("With ", counted(comparison.units, comparison.unit),
                        " intervals are rough and no small difference can be significant."));
  }
  if (pictures_left_out)
    notes.push_back("Some pictures were left out: too many, or no longer there.");
  return notes;
}

/// "</script" inside the data would end it.
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

std::string safe_in_script(std::string json) {
  for (std::size_t at = 0; (at = json.find("</", at)) != std::string::npos; at += 3) {
    json.replace(at, 2, "<\\/");
  }
  return json;
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
  Exhibits exhibits(comparison);
  Json data{{"title", request.title}, {"lead", lead_of(comparison)}, {"exhibits", exhibits.all()}};
  data["notes"] = notes_of(comparison, exhibits.left_out());
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
