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

namespace pluvia {
namespace {

using Key = std::pair<std::string, std::string>;  ///< split and name

std::map<Key, double> rates_of(const Json& record) {
  constexpr double kMost = 1000;
  std::map<Key, double> rates;
  for (const Json& clip : record.value("clips", Json::array())) {
    const double fps = clip.value("fps", 0.0);
    if (!(fps > 0 && fps <= kMost)) continue;
    rates[{clip.value("split", ""), clip.value("name", "")}] = fps;
  }
  return rates;
}

}  // namespace

void recall_rates(const std::filesystem::path& dir, std::vector<PlannedClip>& clips) {
  const std::filesystem::path file = dir / kExportRecord;
  if (!std::filesystem::exists(file)) return;
  std::map<Key, double> rates;
  try {
    const Json record = parse_json(read_text(file), file.string());
    if (record.is_object()) rates = rates_of(record);
  } catch (const Json::exception&) {
    return;  // somebody else's file of that name
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) throw;
    return;
  }
  for (PlannedClip& clip : clips) {
    auto found = rates.find({clip.split, clip.name});
    // Layouts have a folder for each split; clips without one went to a folder all the same.
    if (found == rates.end()) found = rates.find({"", clip.name});
    if (clip.fps <= 0 && found != rates.end()) clip.fps = found->second;
  }
}

}  // namespace pluvia
