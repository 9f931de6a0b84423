// SPDX-License-Identifier: Apache-2.0
// Clips of a set in and out of `derain`. What comes out is a set of the same clips whose `lq` is
// the derained frame, with the truth, the masks and the table of frames beside it, so that it can
// be scored and looked at like any other; `drop` and `streak_rgb`, which would no longer add up
// with lq, are left out, and the set claims no formation.
#pragma once

#include <filesystem>
#include <memory>

#include "eval/derain/output_place.h"
#include "eval/derain/sequence.h"

namespace pluvia {

Footage set_footage(const std::filesystem::path& path);
std::unique_ptr<OutputPlace> open_set_place(const std::filesystem::path& path,
                                            const PlaceOptions& options);

}  // namespace pluvia
