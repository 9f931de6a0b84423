// SPDX-License-Identifier: Apache-2.0
// What `eval` writes: one method scored on one data set by one protocol, complete enough to explain
// any difference to another record (docs/records.md). Read strictly: a record that lacks what it
// should hold is refused by name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/json.h"
#include "eval/statistics/share.h"

namespace pluvia {

inline constexpr int kRunRecordVersion = 1;

/// What is averaged into a column's mean.
enum class ColumnAverage : std::uint8_t {
  kClips,      ///< the clips' means
  kPictures,   ///< frames, each a unit of its own
  kFrames,     ///< frames of all clips alike
  kPooledMse,  ///< squared errors of all frames, then decibels
  kUnknown,    ///< pooled, in a record of an earlier build that does not hold the errors
};

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
  ColumnAverage average = ColumnAverage::kClips;
  DecibelLaw decibels = {};      ///< of pooled errors
  bool pooled_in_clips = false;  ///< a clip's score is of all its pixels, not a mean over frames
  std::string set = {};          ///< in a table of several data sets: which
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
  std::map<std::string, Shares> pooled;  ///< by column that pools errors: what each frame brings
};

struct RunRecord {
  std::filesystem::path file;
  std::string label;        ///< how the method is called in tables
  bool sees_truth = false;  ///< an upper bound, not a method
  std::string data_file;
  std::string data_title;
  std::string data_split;  ///< empty: of several, or of none
  std::string data_sha256;
  std::string protocol_name;
  std::string protocol_sha256;
  std::string settings_sha256;  ///< of method, protocol, data and selection
  /// Clips are stacks of unrelated pictures: each picture is a unit. Else each clip is.
  bool of_pictures = false;
  bool infinite_counts = false;  ///< the protocol's rule for frames equal to the truth
  std::vector<ScoreColumn> columns;
  std::map<std::string, double> mean;
  std::vector<RunClip> clips;
  std::vector<RunPicture> pictures;
  std::vector<std::string> layers_left_out;  ///< "streak: why"
  double seconds_per_frame = 0;
  int frames_scored = 0;
  int identical_frames = 0;
  std::map<std::string, int> infinite;  ///< by column: frames of infinite score
  std::string json;                     ///< the whole record's text
};

/// "clips", "pictures", "frames", "pooled-mse": how records name it.
std::string name_of(ColumnAverage average);

RunRecord read_run_record(const std::filesystem::path& file);

/// A number of a record: infinite ones are the text "inf", undefined ones null (NaN here).
double score_of(const Json& value);
Json score_json(double value);

/// A metric's key as tables print it: "lpips_alex" -> "LPIPS-ALEX".
std::string shown_name(const std::string& key);

}  // namespace pluvia
