// SPDX-License-Identifier: Apache-2.0
// Where means of one column are of different frames. A frame equal to the truth has an infinite
// PSNR and is left out of means by the usual rule, so that a method that is perfect there may rank
// below one that is not: a reader must know.
#pragma once

#include <string>
#include <vector>

#include "eval/report/comparison.h"

namespace pluvia {

/// A column as tables head it: "PSNR inside".
std::string head_of(const ScoreColumn& column);

/// Sentences about those of `columns` in whose means methods leave out different numbers of frames
/// or clips; columns with the same numbers share one.
std::vector<std::string> uneven_means(const Comparison& comparison,
                                      const std::vector<ScoreColumn>& columns);

}  // namespace pluvia
