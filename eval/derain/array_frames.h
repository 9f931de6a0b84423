// SPDX-License-Identifier: Apache-2.0
// Frames as a NumPy array, float32 (T,3,H,W), RGB in 0..1: exact, no rounding to 8 bits. Read and
// written frame by frame, whatever the length.
#pragma once

#include <filesystem>
#include <memory>

#include "eval/derain/sequence.h"

namespace pluvia {

std::unique_ptr<SequenceIn> open_array(const std::filesystem::path& path);
std::unique_ptr<SequenceOut> create_array(const std::filesystem::path& path,
                                          const SequenceInfo& info);

}  // namespace pluvia
