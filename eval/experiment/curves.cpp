// SPDX-License-Identifier: Apache-2.0
#include "eval/experiment/curves.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "core/text.h"
#include "datasets/store/set_reader.h"
#include "synth/rain_params.h"

namespace pluvia {
namespace {

constexpr const char* kDropCover = "drop_cover_percent";
constexpr const char* kSpeed = "speed_m_s";

/// Share of pixels behind drops (mask 128 and above), in per cent.
double drop_cover(const ClipReader& clip) {
  const ClipInfo& info = clip.info();
  std::vector<std::uint8_t> mask(Window::whole(info).pixels());
  clip.read(Layer::kMask, Window::whole(info), std::as_writable_bytes(std::span(mask)));
  const auto covered =
      std::count_if(mask.begin(), mask.end(), [](std::uint8_t m) { return m >= 128; });
  return 100.0 * static_cast<double>(covered) / static_cast<double>(mask.size());
}

double mean_speed(const ClipReader& clip) {
  FrameColumns columns;
  const std::vector<FrameRow> rows = clip.frame_rows(&columns);
  if (!columns.rendering) fail("clip ", clip.info().id, " has no camera data");
  double sum = 0;
  for (const FrameRow& row : rows) sum += static_cast<double>(row.speed_m_s);
  return sum / static_cast<double>(rows.size());
}

/// "PSNR, dB", as the run's tables call it.
std::string name_of_score(const std::string& key, const std::vector<RunRecord>& runs) {
  for (const RunRecord& run : runs) {
    for (const ScoreColumn& column : run.columns) {
      if (column.key != key) continue;
      return column.unit.empty() ? column.name : cat(column.name, ", ", column.unit);
    }
  }
  return key;
}

/// Points at equal x are one: values that were measured are gathered by two digits.
double rounded(double value) {
  if (value == 0) return 0;
  const double step = std::pow(10, std::floor(std::log10(std::abs(value))) - 1);
  return std::round(value / step) * step;
}

using Points = std::vector<std::pair<double, double>>;

Points mean_by_x(const std::map<double, std::vector<double>>& groups) {
  Points out;
  for (const auto& [x, values] : groups) {
    double sum = 0;
    for (const double value : values) sum += value;
    out.emplace_back(x, sum / static_cast<double>(values.size()));
  }
  return out;
}

/// Of the log's lines of a kind.
Points logged(const std::string& run, const std::string& kind, const std::string& key) {
  Points out;
  for (const std::string& line : split(read_text(fs::path(run) / "log.jsonl"), '\n')) {
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object() || entry.value("kind", "") != kind || !entry.contains(key)) continue;
    out.emplace_back(entry.at("iteration").get<double>(), entry.at(key).get<double>());
  }
  return out;
}

/// Losses jump from step to step; the curve shows their running mean.
Points smoothed(const Points& points) {
  constexpr double kShare = 0.1;
  Points out;
  for (const auto& [x, y] : points) {
    out.emplace_back(x, out.empty() ? y : out.back().second + kShare * (y - out.back().second));
  }
  return out;
}

}  // namespace

void check_curve(const ExperimentCurve& curve, const Protocol& protocol) {
  std::vector<std::string> known = {kDropCover, kSpeed};
  for (const Param& row : synth::rain_param_table()) {
    if (row.kind == ParamKind::kNumber || row.kind == ParamKind::kInteger) {
      known.emplace_back(row.name);
    }
  }
  if (std::find(known.begin(), known.end(), curve.x) == known.end()) {
    fail("curves: x '", curve.x, "' is no number of the rain", did_you_mean(curve.x, known));
  }
  std::vector<std::string> keys;
  for (const ProtocolMetric& metric : protocol.metrics) keys.push_back(metric.key);
  if (std::find(keys.begin(), keys.end(), curve.y) == keys.end()) {
    fail("curves: y '", curve.y, "' is no score of ", protocol.name, did_you_mean(curve.y, keys),
         "; it has ", join(keys, ", "));
  }
}

std::map<std::string, double> clip_values(const std::string& set, const std::string& what) {
  const std::shared_ptr<SetReader> reader = SetReader::open(set);
  std::map<std::string, double> out;
  for (const IndexRow& row : reader->info().rows) {
    const std::unique_ptr<ClipReader> clip = reader->clip(row.clip.id);
    if (what == kDropCover) {
      out[row.clip.id] = rounded(drop_cover(*clip));
    } else if (what == kSpeed) {
      // A camera in a hand moves by centimetres a second; it stands.
      out[row.clip.id] = std::round(10 * mean_speed(*clip)) / 10;
    } else {
      const Json rain = parse_json(clip->info().rain, "rain of clip " + row.clip.id);
      if (!rain.contains(what) || !rain[what].is_number()) {
        fail("clip ", row.clip.id, " of ", set, ": its rain has no number '", what, "'");
      }
      out[row.clip.id] = rain[what].get<double>();
    }
  }
  return out;
}

PagePlot curve_plot(const ExperimentCurve& curve, const std::map<std::string, double>& x,
                    const std::vector<RunRecord>& runs) {
  PagePlot plot{
      curve.title, curve.x_name.empty() ? curve.x : curve.x_name, name_of_score(curve.y, runs), {}};
  std::vector<std::string> labels;
  std::map<std::string, std::map<double, std::vector<double>>> groups;
  for (const RunRecord& run : runs) {
    if (groups.count(run.label) == 0) labels.push_back(run.label);
    for (const RunClip& clip : run.clips) {
      const auto score = clip.mean.find(curve.y);
      const auto at = x.find(clip.id);
      if (score == clip.mean.end() || at == x.end() || !std::isfinite(score->second)) continue;
      groups[run.label][at->second].push_back(score->second);
    }
  }
  for (const std::string& label : labels) {
    plot.series.push_back({label, mean_by_x(groups[label])});
  }
  return plot;
}

std::vector<PagePlot> training_plots(const std::map<std::string, std::string>& run_of_label) {
  PagePlot loss{"Loss", "iteration", "loss (running mean)", {}};
  PagePlot score{"Validation", "iteration", "PSNR, dB", {}};
  for (const auto& [label, run] : run_of_label) {
    loss.series.push_back({label, smoothed(logged(run, "train", "total"))});
    const Points points = logged(run, "validation", "psnr");
    if (!points.empty()) score.series.push_back({label, points});
  }
  std::vector<PagePlot> out;
  if (!loss.series.empty()) out.push_back(loss);
  if (!score.series.empty()) out.push_back(score);
  return out;
}

}  // namespace pluvia
