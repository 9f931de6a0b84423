// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/export_record.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "datasets/layouts/export_target.h"
#include "datasets/layouts/frame_record.h"

namespace pluvia {
namespace {

using Key = std::pair<std::string, std::string>;  ///< split and name

std::map<Key, PlannedClip> clips_of(const Json& record) {
  constexpr double kMost = 1000;
  std::map<Key, PlannedClip> clips;
  for (const Json& clip : record.value("clips", Json::array())) {
    PlannedClip known;
    const double fps = clip.value("fps", 0.0);
    if (fps > 0 && fps <= kMost) known.fps = fps;
    known.seed = clip.value("seed", std::uint64_t{0});
    known.rain = clip.value("rain", "");
    known.camera = clip.value("camera", "");
    if (clip.contains("rows")) known.known_rows = rows_of_record(clip["rows"]);
    clips[{clip.value("split", ""), clip.value("name", "")}] = std::move(known);
  }
  return clips;
}

}  // namespace

void recall_export(const std::filesystem::path& dir, std::vector<PlannedClip>& clips) {
  const std::filesystem::path file = dir / kExportRecord;
  if (!std::filesystem::exists(file)) return;
  std::map<Key, PlannedClip> known;
  try {
    const Json record = parse_json(read_text(file), file.string());
    if (record.is_object()) known = clips_of(record);
  } catch (const Json::exception&) {
    return;  // somebody else's file of that name
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    return;
  }
  for (PlannedClip& clip : clips) {
    auto found = known.find({clip.split, clip.name});
    // Layouts have a folder for each split; clips without one went to a folder all the same.
    if (found == known.end()) found = known.find({"", clip.name});
    if (found == known.end()) continue;
    const PlannedClip& exported = found->second;
    if (clip.fps <= 0) clip.fps = exported.fps;
    clip.seed = exported.seed;
    clip.rain = exported.rain;
    clip.camera = exported.camera;
    clip.known_rows = exported.known_rows;
  }
}

}  // namespace pluvia
