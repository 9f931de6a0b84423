// SPDX-License-Identifier: Apache-2.0
// What an export wrote down of its clips (export_target.h) and pictures cannot say.
#pragma once

#include <filesystem>
#include <vector>

#include "datasets/layouts/plan.h"

namespace pluvia {

/// Gives clips without a frame rate the one that they were exported with, and rendered clips their
/// seed, rain and frames' cameras, if the folder tells.
void recall_export(const std::filesystem::path& dir, std::vector<PlannedClip>& clips);

}  // namespace pluvia
