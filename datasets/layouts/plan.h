// SPDX-License-Identifier: Apache-2.0
// What an import is going to do: every file of every clip, known before the first pixel is read.
//
// A plan is made from names and headers only. Everything that is wrong with a folder is collected
// in it and reported at once, since a data set of 50,000 files that is mended one error at a time
// is never mended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/clip.h"

namespace pluvia {

namespace fs = std::filesystem;

enum class SetKind { kClips, kImages };

struct ImportOptions {
  /// --lq, --gt, ...: inside the data set folder (or its train/test folders), or paths of their
  /// own.
  std::map<Layer, fs::path> folders;
  fs::path splits_file;  ///< JSON {"train": [names], "test": [names]}; empty: as the folders say
  std::string rule;      ///< naming rule of image sets; empty: recognised
  bool clean_is_left = false;  ///< side-by-side pictures: which half is the ground truth
  bool allow_missing = false;  ///< import what is complete in all layers, and warn
};

enum class ProblemKind { kMissing, kExtra, kDuplicate, kCount, kSize, kUnreadable, kUnmatched };
const char* name_of(ProblemKind kind);
/// What --allow-missing leaves out: no partner, or nothing that can be read.
bool is_gap(ProblemKind kind);

struct Problem {
  ProblemKind kind;
  std::string item;  ///< file or folder, relative to the data set
  std::string text;
};

/// Which part of a picture belongs to the layer.
enum class Piece { kWhole, kLeftHalf, kRightHalf };

struct LayerSource {
  bool video = false;  ///< `files` is one video; otherwise one picture per frame
  Piece piece = Piece::kWhole;
  std::vector<fs::path> files;
};

struct PlannedClip {
  std::string id;    ///< safe text, unique in the set
  std::string name;  ///< in the data set it came from
  std::string split;
  std::string source;  ///< "<split>/<name>": equal names in two splits are two sources
  std::string group;   ///< sub-folder that tells clips of equal name in one split apart, or empty
  int frames = 0;      ///< 0: a video that does not say
  int likely_frames = 0;  ///< of such a video, by its duration
  int height = 0;
  int width = 0;
  double fps = 0;
  std::map<Layer, LayerSource> layers;
  std::vector<std::string> frame_names;  ///< without extension; empty for videos
  /// Row of the ground truth's files for each frame; empty: one each. Frames that share a ground
  /// truth follow one another.
  std::vector<int> gt_index;

  /// Of a clip that was exported, as the export wrote them down; else 0 and empty.
  std::uint64_t seed = 0;
  std::string rain;
  std::string camera;
  std::map<std::string, FrameRow> known_rows;  ///< by the frame's name
  bool known_rendering = false;                ///< they hold cameras and rain, not times alone

  LayerSet layer_set() const;
  std::uint64_t frame_bytes() const;
  std::uint64_t raw_bytes() const;
};

struct ImportPlan {
  std::string layout;
  SetKind kind = SetKind::kClips;
  std::vector<std::string> recognised;  ///< arrangement, rule, half order: one line each
  std::vector<PlannedClip> clips;
  std::vector<Problem> problems;
  std::vector<std::string> warnings;

  /// Both by likely_frames where videos do not say.
  std::uint64_t frames() const;
  std::uint64_t raw_bytes() const;
};

/// One line: counts by kind and the first few problems.
std::string describe(const std::vector<Problem>& problems);

/// An Error with `describe`'s line unless the plan has no problems and at least one clip.
void require_sound(const ImportPlan& plan, const fs::path& dir);

/// Gives every clip its id and source: the name made safe; with its split in front where several
/// splits have that name.
void assign_ids(std::vector<PlannedClip>& clips);

/// Letters, digits, '.', '_' and '-' only, beginning with none of ".-".
std::string safe_id(std::string_view name);

}  // namespace pluvia
