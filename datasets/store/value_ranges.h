// SPDX-License-Identifier: Apache-2.0
// What values of a set may be, beside the relations of its formation: depths above 0 m or infinite,
// finite flow, times that go on, cameras that can be.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/clip.h"

namespace pluvia {

/// Of one frame of a layer. Empty when all is well; else what is wrong with how many values, and
/// where the first one is.
std::string check_values(Layer layer, std::span<const std::byte> pixels, int width);

/// Of the table of frames, in those columns that it has. `pictures`: rows that follow no time.
std::string check_rows(const std::vector<FrameRow>& rows, const FrameColumns& columns,
                       bool pictures);

}  // namespace pluvia
