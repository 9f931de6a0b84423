// SPDX-License-Identifier: Apache-2.0
// Published tables beside our scores: what the table says, what we measured and the difference
// (ours - published) where data and protocol are the same, the table alone where they are not.
#pragma once

#include <string>
#include <vector>

#include "eval/report/comparison.h"
#include "eval/report/published.h"

namespace pluvia {

/// For the page. "ours" and "differences" are there only where the table is comparable.
Json published_json(const Comparison& comparison, const PublishedTable& table);

/// Comparable tables first, under a heading of their own. Empty where there is none to show.
std::string published_markdown(const Comparison& comparison,
                               const std::vector<PublishedTable>& tables);

}  // namespace pluvia
