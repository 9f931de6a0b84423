// SPDX-License-Identifier: Apache-2.0
// What is said of one number per frame over the frames of a clip.
#pragma once

#include <array>
#include <vector>

#include "core/params.h"

namespace pluvia {

inline constexpr std::array<Param, 1> kStatisticParam = {{
    {"statistic", ParamKind::kChoice, "",
     "std over frames (population), mean absolute step, smallest, 5th percentile", "std", 0, 0,
     "std|step|min|p5"},
}};

/// NaN where `values` are too few: none for min and p5, less than two for the others.
double clip_statistic(const std::vector<double>& values, const std::string& statistic);

}  // namespace pluvia
