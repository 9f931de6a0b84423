// SPDX-License-Identifier: Apache-2.0
// A comparison as text: LaTeX with booktabs (best bold, second underlined), CSV at full precision,
// and Markdown.
#pragma once

#include <string>

#include "eval/report/comparison.h"

namespace pluvia {

std::string latex_table(const Comparison& comparison);
std::string csv_table(const Comparison& comparison);
std::string markdown_table(const Comparison& comparison);

/// Digits after the point for a column: 2 for decibels, 4 for pure numbers.
std::string rounded(const ScoreColumn& column, double value);

}  // namespace pluvia
