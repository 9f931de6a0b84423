// SPDX-License-Identifier: Apache-2.0
// What `eval` writes: one method scored on one data set by one protocol, complete enough to explain
// any difference to another record (docs/records.md). Read strictly: a record that lacks what it
// should hold is refused by name.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"

namespace pluvia {

inline constexpr int kRunRecordVersion = 1;

/// One number a run may have: a metric of the protocol, of the whole frame or of a region.
struct ScoreColumn {
  std::string key;     ///< "psnr", "psnr_inside"
  std::string name;    ///< "PSNR"
  std::string base;    ///< key of the same metric over whole frames
  std::string region;  ///< empty: whole frames
  std::string unit;
  std::string help;
  bool higher_is_better = true;
  std::string layer = {};  ///< of a layer that the method predicts; empty: of the clean frame
};

/// What a method claimed of a layer, beside the set's.
struct LayerPicture {
  std::string layer;  ///< "mask"
  std::string claimed;
  std::string truth;
};

/// A picture that eval kept, so that a report can show it.
struct RunPicture {
  std::string clip;
  std::string frame;
  std::string role;   ///< "worst", "sample"
  std::string rainy;  ///< files, relative to the record
  std::string prediction;
  std::string truth;
  double score = 0;  ///< of the protocol's first metric
  std::vector<LayerPicture> layers = {};
};

struct RunClip {
  std::string id;
  std::map<std::string, double> mean;
  std::map<std::string, std::vector<double>> frames;
};

struct RunRecord {
  std::filesystem::path file;
  std::string label;        ///< how the method is called in tables
  bool sees_truth = false;  ///< an upper bound, not a method
  std::string data_sha256;
  std::string protocol_name;
  std::string protocol_sha256;
  std::string settings_sha256;  ///< of method, protocol, data and selection
  std::vector<ScoreColumn> columns;
  std::map<std::string, double> mean;
  std::vector<RunClip> clips;
  std::vector<RunPicture> pictures;
  std::vector<std::string> layers_left_out;  ///< "streak: why"
  double seconds_per_frame = 0;
  int identical_frames = 0;
  std::string json;  ///< the whole record's text
};

RunRecord read_run_record(const std::filesystem::path& file);

/// A number of a record: infinite ones are the text "inf", undefined ones null (NaN here).
double score_of(const Json& value);
Json score_json(double value);

/// A metric's key as tables print it: "lpips_alex" -> "LPIPS-ALEX".
std::string shown_name(const std::string& key);

}  // namespace pluvia
