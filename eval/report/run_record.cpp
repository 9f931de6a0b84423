// SPDX-License-Identifier: Apache-2.0
#include "eval/report/run_record.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/text.h"
#include "eval/report/units.h"

namespace pluvia {
namespace {

/// In the order of ColumnAverage; the last has no name in records.
constexpr std::array<const char*, 4> kAverages = {"clips", "pictures", "frames", "pooled-mse"};

ScoreColumn column_of(const Json& json) {
  ScoreColumn column{json.at("key").get<std::string>(),       json.at("name").get<std::string>(),
                     json.at("base").get<std::string>(),      json.at("region").get<std::string>(),
                     json.at("unit").get<std::string>(),      json.at("help").get<std::string>(),
                     json.at("higher_is_better").get<bool>(), json.value("layer", "")};
  column.pooled_in_clips = json.value("pooled_in_clips", false);
  if (!json.contains("average")) return column;
  const auto average = json.at("average").get<std::string>();
  const auto* const found = std::find(kAverages.begin(), kAverages.end(), average);
  if (found == kAverages.end()) fail("column ", column.key, ": average '", average, "'");
  column.average = static_cast<ColumnAverage>(found - kAverages.begin());
  if (column.average == ColumnAverage::kPooledMse) {
    const Json& law = json.at("decibels");
    column.decibels = {law.at("peak").get<double>(), law.at("offset").get<double>(),
                       law.at("cap_db").get<double>()};
  }
  return column;
}

/// Records of earlier builds do not say it by column: it follows from the protocol.
ColumnAverage average_by_protocol(const ScoreColumn& column, const std::string& protocol,
                                  const RunClip& clip) {
  const bool of_frames = column.layer.empty() && clip.frames.count(column.key) != 0;
  if (!of_frames || protocol == "clips") return ColumnAverage::kClips;
  if (protocol == "pooled-mse" && column.unit == "dB") return ColumnAverage::kUnknown;
  return ColumnAverage::kFrames;
}

std::map<std::string, double> scores_of(const Json& json) {
  std::map<std::string, double> out;
  for (const auto& [key, value] : json.items()) out[key] = score_of(value);
  return out;
}

RunClip clip_of(const Json& json) {
  RunClip clip;
  clip.id = json.at("id").get<std::string>();
  clip.mean = scores_of(json.at("mean"));
  for (const Json& frame : json.at("frames")) {
    for (const auto& [key, value] : frame.items()) {
      if (key != "name" && key != "identical") clip.frames[key].push_back(score_of(value));
    }
  }
  const Json pooled = json.value("pooled", Json::object());
  for (const auto& [key, frames] : pooled.items()) {
    for (const Json& frame : frames) {
      const Share share{frame.at(0).get<double>(), frame.at(1).get<double>()};
      if (share.sum < 0 || share.count < 0) fail("clip ", clip.id, " has errors below 0");
      clip.pooled[key].push_back(share);
    }
  }
  return clip;
}

/// A picture's name, which must lead to a file below the record's folder.
std::string inner_path(const std::string& name) {
  const std::filesystem::path path(name);
  bool inside = path.is_relative() && !path.empty();
  for (const std::filesystem::path& part : path) inside = inside && part != "..";
  if (!inside) fail("picture '", name, "': expected a file below the record's folder");
  return name;
}

RunPicture picture_of(const Json& json) {
  const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
  const auto path = [&](const char* key) { return inner_path(text(key)); };
  RunPicture picture{text("clip"),
                     text("frame"),
                     text("role"),
                     path("rainy"),
                     path("prediction"),
                     path("truth"),
                     score_of(json.at("score"))};
  const Json layers = json.value("layers", Json::object());
  for (const auto& [layer, files] : layers.items()) {
    picture.layers.push_back({layer, inner_path(files.at("claimed").get<std::string>()),
                              inner_path(files.at("truth").get<std::string>())});
  }
  return picture;
}

/// Every clip has as many scores of each kind as the record says it has frames that count.
void check_clips(const Json& json, const RunRecord& record) {
  const Json& planned = json.at("data").at("clips");
  if (planned.size() != record.clips.size()) {
    fail("it holds ", counted(record.clips.size(), "clip"), ", its data ", planned.size());
  }
  const auto left_out = 2 * json.at("protocol").value("skip_frames", std::size_t{0});
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const RunClip& clip = record.clips[i];
    const auto all = planned[i].at("frames").get<std::size_t>();
    const std::size_t frames = all - std::min(all, left_out);
    if (planned[i].at("id").get<std::string>() != clip.id) {
      fail("clip ", i, " is '", clip.id, "', its data says ", planned[i].at("id").dump());
    }
    for (const auto& [key, values] : clip.frames) {
      if (values.size() != frames) {
        fail("clip ", clip.id, " has ", counted(values.size(), "score"), " '", key, "' for ",
             counted(frames, "frame"));
      }
    }
    for (const auto& [key, shares] : clip.pooled) {
      if (shares.size() != frames) {
        fail("clip ", clip.id, " has ", counted(shares.size(), "pooled error"), " '", key, "' for ",
             counted(frames, "frame"));
      }
    }
  }
}

/// A record that was edited could stand beside numbers of another protocol or other data.
void check_hashes(const Json& json) {
  Json definition = json.at("protocol");
  definition.erase("name");
  if (sha256_hex(canonical_text(definition)) != json.at("protocol_sha256").get<std::string>()) {
    fail("its protocol is not that of its protocol_sha256: it was changed after it was written");
  }
  Sha256 data;
  for (const Json& clip : json.at("data").at("clips")) {
    data.update(cat(clip.at("id").get<std::string>(), " ", clip.at("frames").get<int>(), " ",
                    clip.at("content_sha256").get<std::string>(), "\n"));
  }
  if (data.hex() != json.at("data").at("sha256").get<std::string>()) {
    fail("its clips are not those of its data's sha256: it was changed after it was written");
  }
}

/// Every mean is that of its clips or frames, by the record's own rule. Earlier builds had none.
void check_means(const Json& json, const RunRecord& record) {
  constexpr double kRounding = 1e-6;
  for (std::size_t i = 0; i < record.columns.size(); ++i) {
    const ScoreColumn& column = record.columns[i];
    const auto said = record.mean.find(column.key);
    if (said == record.mean.end() || !json.at("columns")[i].contains("average")) continue;
    Share all;
    for (const Share& share : shares_of(record, column)) all += share;
    const bool pools = column.average == ColumnAverage::kPooledMse;
    const double mean = score_of(all, pools ? MeanLaw(column.decibels) : MeanLaw());
    const double difference = std::abs(mean - said->second);
    if (std::isfinite(difference) && difference > kRounding * (1 + std::abs(mean))) {
      fail("its mean of ", column.key, " is ", said->second, ", that of its clips ", mean,
           ": it was changed after it was written");
    }
  }
}

RunRecord record_of(const Json& json) {
  if (!json.is_object() || json.value("format", "") != "pluvia-run") {
    fail("not a run record: expected what `pluvia eval --out` writes");
  }
  if (json.at("version").get<int>() > kRunRecordVersion) {
    fail("it is of version ", json.at("version").get<int>(), ", this program knows up to ",
         kRunRecordVersion);
  }
  RunRecord record;
  record.label = json.at("method").at("label").get<std::string>();
  record.sees_truth = json.at("method").at("sees_truth").get<bool>();
  record.data_file = json.at("data").value("file", "");
  record.data_title = json.at("data").value("title", "");
  record.data_split = json.at("data").value("split", "");
  record.data_sha256 = json.at("data").at("sha256").get<std::string>();
  record.protocol_name = json.at("protocol").at("name").get<std::string>();
  record.protocol_sha256 = json.at("protocol_sha256").get<std::string>();
  record.settings_sha256 = json.value("settings_sha256", "");
  record.of_pictures = json.value("unit", "clip") == "picture";
  record.infinite_counts = json.at("protocol").value("identical", "exclude") == "include";
  record.mean = scores_of(json.at("mean"));
  for (const Json& clip : json.at("clips")) record.clips.push_back(clip_of(clip));
  for (const Json& json_column : json.at("columns")) {
    ScoreColumn column = column_of(json_column);
    if (!json_column.contains("average") && !record.clips.empty()) {
      column.average = average_by_protocol(column, json.at("protocol").value("average", "clips"),
                                           record.clips.front());
    }
    record.columns.push_back(std::move(column));
  }
  for (const Json& picture : json.at("pictures")) record.pictures.push_back(picture_of(picture));
  const Json left_out = json.value("layers_left_out", Json::object());
  for (const auto& [layer, why] : left_out.items()) {
    record.layers_left_out.push_back(cat(layer, ": ", why.get<std::string>()));
  }
  record.seconds_per_frame = json.at("timing").value("method_s_per_frame", 0.0);
  record.frames_scored = json.at("frames_scored").get<int>();
  record.infinite = json.value("infinite_scores", std::map<std::string, int>());
  record.identical_frames = json.at("identical_frames").get<int>();
  if (record.clips.empty() || record.columns.empty()) fail("it holds no clips or no metrics");
  check_clips(json, record);
  check_hashes(json);
  check_means(json, record);
  return record;
}

}  // namespace

double score_of(const Json& value) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    fail("score '", one_line(text), "', expected a number, null, \"inf\" or \"-inf\"");
  }
  if (value.is_boolean()) fail("score ", value.dump(), ", expected a number");
  return value.get<double>();
}

std::string name_of(ColumnAverage average) {
  return kAverages.at(static_cast<std::size_t>(average));
}

Json score_json(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

std::string shown_name(const std::string& key) {
  std::string out;
  for (const char c : key) {
    out += c == '_' ? '-' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return out;
}

RunRecord read_run_record(const std::filesystem::path& file) {
  const std::string text = read_text(file);
  const Json json = parse_json(text, file.string());
  return within(file.string(), [&] {
    try {
      RunRecord record = record_of(json);
      record.file = file;
      record.json = text;
      return record;
    } catch (const Json::exception& error) {
      fail("damaged run record: ", error.what());
    }
  });
}

}  // namespace pluvia
