// SPDX-License-Identifier: Apache-2.0
// The units of a run record and what each brings into a mean. A unit is a clip; in records of
// unrelated pictures it is a picture, whatever stack of equal sizes it lies in.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "eval/report/run_record.h"

namespace pluvia {

std::size_t frame_count(const RunClip& clip);

/// "clip" or "picture".
std::string unit_of(const RunRecord& record);

/// At least one in every record that was read.
std::size_t unit_count(const RunRecord& record);

/// One a unit, in the record's order. Nothing where a column has no mean over units: a score of
/// neighbouring frames in a stack of unrelated pictures, or pooled errors that the record lacks.
Shares shares_of(const RunRecord& record, const ScoreColumn& column);

/// The units' own means, as many: what ranks and effect sizes are of. NaN or infinite where a unit
/// has none.
std::vector<double> unit_means(const RunRecord& record, const ScoreColumn& column);

}  // namespace pluvia
