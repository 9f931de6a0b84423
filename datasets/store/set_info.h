// SPDX-License-Identifier: Apache-2.0
// What a set says about itself without touching a pixel: root attributes, index and splits
// (format 1, docs/format.md). Also the code that writes and reads these parts of the file.
#pragma once

#include <hdf5.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clip.h"

namespace pluvia {

inline constexpr int kFormatVersion = 1;

/// Bounds on what a file may declare; far above real sets, far below what exhausts a machine.
inline constexpr int kMaxFrames = 1'000'000;
inline constexpr int kMaxSide = 32768;
inline constexpr std::size_t kMaxClips = 10'000'000;

/// One row of /index/clips.
struct IndexRow {
  ClipInfo clip;  ///< without rain, camera and notes: these stay in the clip's group
  std::map<Layer, std::string> content_sha256;
  std::string stored_sha256;  ///< of the whole clip, as a file that was read says
};

struct SetInfo {
  std::string kind = "clips";  ///< or "images"
  std::string formation;       ///< "vrds", "physical", or empty when unknown
  std::string title;
  std::string recipe = "{}";      ///< JSON text
  std::string provenance = "{}";  ///< JSON text
  std::string generator;
  std::vector<IndexRow> rows;  ///< in natural order of id
  std::map<std::string, std::vector<std::string>> splits;
};

/// The split that a command's --split means in that set, empty for all clips: "all" unless a split
/// has that name, and nothing wanted where there is no `usual` one. An Error of usage names those
/// there are.
std::string choose_split(const SetInfo& info, const std::string& set, const std::string& wanted,
                         const std::string& usual);

/// Letters, digits, '.', '_', '-'; not empty, not starting with '.', at most 128 bytes.
bool is_clip_id(std::string_view id);

/// One hash for the whole clip: SHA-256 over "layer=hash" lines.
std::string clip_sha256(const std::map<Layer, std::string>& layers);

/// Sorts rows, derives splits from the rows' split names, writes everything but /clips.
void write_set_info(hid_t file, SetInfo info);

/// Reads and checks everything that write_set_info wrote. Errors name the item.
SetInfo read_set_info(hid_t file);

void write_frame_table(hid_t clip_group, const FrameColumns& columns,
                       const std::vector<FrameRow>& rows);
/// Empty when the clip has no table.
std::vector<FrameRow> read_frame_table(hid_t clip_group, FrameColumns* columns);

/// Image sets with shared ground truth: /clips/<id>/gt_index, int32 (T). Nothing is written when
/// empty.
void write_gt_index(hid_t clip_group, const std::vector<int>& index);
/// Empty when there is none. Values are checked against `gt_rows`.
std::vector<int> read_gt_index(hid_t clip_group, int gt_rows);

}  // namespace pluvia
