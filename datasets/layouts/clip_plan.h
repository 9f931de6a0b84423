// SPDX-License-Identifier: Apache-2.0
// From the roots of a data set to planned clips: one clip per sub-folder of pictures or per video.
#pragma once

#include <vector>

#include "datasets/layouts/roots.h"

namespace pluvia {

/// Adds the clips of all roots to scan.plan.
void plan_clips(Scan& scan, const std::vector<DataRoot>& roots);

}  // namespace pluvia
