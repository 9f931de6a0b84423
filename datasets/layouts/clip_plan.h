// SPDX-License-Identifier: Apache-2.0
// From the roots of a data set to planned clips: one clip per sub-folder of pictures or per video.
#pragma once

#include <map>
#include <vector>

#include "datasets/layouts/roots.h"

namespace pluvia {

/// Adds the clips of all roots to scan.plan.
void plan_clips(Scan& scan, const std::vector<DataRoot>& roots);

/// Adds one clip, of which name, split and group are known and each layer's pictures lie in a
/// folder of their own.
void plan_clip(Scan& scan, PlannedClip clip, const std::map<Layer, fs::path>& folders);

}  // namespace pluvia
