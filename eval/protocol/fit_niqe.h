// SPDX-License-Identifier: Apache-2.0
// NIQE's parameters from one's own natural pictures.
#pragma once

#include <cstddef>
#include <filesystem>

#include "eval/metrics/color.h"

namespace pluvia {

/// Fits to all pictures of a folder and writes a .npz file; gives the number of blocks used.
std::size_t fit_niqe(const std::filesystem::path& folder, Color luma,
                     const std::filesystem::path& out);

}  // namespace pluvia
