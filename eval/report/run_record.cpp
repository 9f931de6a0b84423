// SPDX-License-Identifier: Apache-2.0
#include "eval/report/run_record.h"

#include <cctype>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"

namespace pluvia {
namespace {

ScoreColumn column_of(const Json& json) {
  return {json.at("key").get<std::string>(),       json.at("name").get<std::string>(),
          json.at("base").get<std::string>(),      json.at("region").get<std::string>(),
          json.at("unit").get<std::string>(),      json.at("help").get<std::string>(),
          json.at("higher_is_better").get<bool>(), json.value("layer", "")};
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

/// Every clip has as many scores of each kind as the record says it has frames.
void check_clips(const Json& json, const RunRecord& record) {
  const Json& planned = json.at("data").at("clips");
  if (planned.size() != record.clips.size()) {
    fail("it holds ", counted(record.clips.size(), "clip"), ", its data ", planned.size());
  }
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const RunClip& clip = record.clips[i];
    const auto frames = planned[i].at("frames").get<std::size_t>();
    if (planned[i].at("id").get<std::string>() != clip.id) {
      fail("clip ", i, " is '", clip.id, "', its data says ", planned[i].at("id").dump());
    }
    for (const auto& [key, values] : clip.frames) {
      if (values.size() != frames) {
        fail("clip ", clip.id, " has ", counted(values.size(), "score"), " '", key, "' for ",
             counted(frames, "frame"));
      }
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
  record.data_sha256 = json.at("data").at("sha256").get<std::string>();
  record.protocol_name = json.at("protocol").at("name").get<std::string>();
  record.protocol_sha256 = json.at("protocol_sha256").get<std::string>();
  record.settings_sha256 = json.value("settings_sha256", "");
  for (const Json& column : json.at("columns")) record.columns.push_back(column_of(column));
  record.mean = scores_of(json.at("mean"));
  for (const Json& clip : json.at("clips")) record.clips.push_back(clip_of(clip));
  for (const Json& picture : json.at("pictures")) record.pictures.push_back(picture_of(picture));
  const Json left_out = json.value("layers_left_out", Json::object());
  for (const auto& [layer, why] : left_out.items()) {
    record.layers_left_out.push_back(cat(layer, ": ", why.get<std::string>()));
  }
  record.seconds_per_frame = json.at("timing").value("method_s_per_frame", 0.0);
  record.identical_frames = json.at("identical_frames").get<int>();
  if (record.clips.empty() || record.columns.empty()) fail("it holds no clips or no metrics");
  check_clips(json, record);
  return record;
}

}  // namespace

double score_of(const Json& value) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (value.is_string()) return std::numeric_limits<double>::infinity();
  return value.get<double>();
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
