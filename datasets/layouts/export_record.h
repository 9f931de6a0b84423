// SPDX-License-Identifier: Apache-2.0
// What an export wrote down of its clips (export_target.h) and pictures cannot say.
#pragma once

#include <filesystem>
#include <vector>

#include "datasets/layouts/plan.h"

namespace pluvia {

/// Gives clips what the folder's record tells of them: source, frame rate where files have none,
/// times of frames, and of rendered clips seed, rain and cameras.
void recall_export(const std::filesystem::path& dir, std::vector<PlannedClip>& clips);

}  // namespace pluvia
