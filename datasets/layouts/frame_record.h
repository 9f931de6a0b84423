// SPDX-License-Identifier: Apache-2.0
// A clip's table of frames as JSON, a list for every column: times and, of rendered clips, cameras
// and rain, which pictures cannot say.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/json.h"

namespace pluvia {

/// `names` are those that the frames are exported under.
Json to_record(const std::vector<FrameRow>& rows, const std::vector<std::string>& names,
               const FrameColumns& columns);

/// By name. Throws what nlohmann's JSON throws where the record is no such table.
std::map<std::string, FrameRow> rows_of_record(const Json& record, bool& rendering);

}  // namespace pluvia
