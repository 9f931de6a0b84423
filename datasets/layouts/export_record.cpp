// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/export_record.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/file.h"
#include "core/json.h"
#include "datasets/layouts/export_target.h"
#include "datasets/layouts/frame_record.h"

namespace pluvia {
namespace {

using Known = std::map<std::string, PlannedClip>;  ///< by the folder of their rainy frames

Known clips_of(const Json& record) {
  constexpr double kMost = 1000;
  Known clips;
  for (const Json& clip : record.value("clips", Json::array())) {
    PlannedClip known;
    const double fps = clip.value("fps", 0.0);
    if (fps > 0 && fps <= kMost) known.fps = fps;
    known.source = clip.value("source", "");
    known.seed = clip.value("seed", std::uint64_t{0});
    known.rain = clip.value("rain", "");
    known.camera = clip.value("camera", "");
    if (clip.contains("rows")) {
      known.known_rows = rows_of_record(clip["rows"], known.known_rendering);
    }
    clips[clip.value("folder", "")] = std::move(known);
  }
  return clips;
}

Known read_record(const std::filesystem::path& file) {
  try {
    const Json record = parse_json(read_text(file), file.string());
    if (record.is_object()) return clips_of(record);
  } catch (const Json::exception&) {  // somebody else's file of that name
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
  }
  return {};
}

}  // namespace

void recall_export(const std::filesystem::path& dir, std::vector<PlannedClip>& clips) {
  const std::filesystem::path file = dir / kExportRecord;
  if (!std::filesystem::exists(file)) return;
  const Known known = read_record(file);
  for (PlannedClip& clip : clips) {
    const LayerSource& rainy = clip.layers.at(Layer::kLq);
    if (rainy.video) continue;
    const auto found =
        known.find(rainy.files.front().parent_path().lexically_relative(dir).generic_string());
    if (found == known.end()) continue;
    const PlannedClip& exported = found->second;
    if (clip.fps <= 0) clip.fps = exported.fps;
    if (!exported.source.empty()) clip.source = exported.source;
    clip.seed = exported.seed;
    clip.rain = exported.rain;
    clip.camera = exported.camera;
    clip.known_rows = exported.known_rows;
    clip.known_rendering = exported.known_rendering;
  }
}

}  // namespace pluvia
