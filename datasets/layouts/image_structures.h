// SPDX-License-Identifier: Apache-2.0
// Image pairs that names of files do not tell: both halves in one picture (DID, Rain800), and lists
// of paths (SPA-Data).
#pragma once

#include <string>
#include <vector>

#include "datasets/layouts/image_plan.h"

namespace pluvia {

/// Everything that --rule takes: the naming rules, "did" and "spa".
std::vector<std::string> image_rule_names();

/// Pictures in the data set's folders, each two pictures side by side; the left one is rainy unless
/// the options say otherwise. Unless `forced`, only when the first picture of every folder is
/// exactly twice as wide as high, since nothing else tells such a set from one without ground
/// truth.
std::vector<ImageRow> side_by_side_rows(Scan& scan, bool forced);

/// Pairs from text files in the data set's folder with lines "rainy clean": paths within that
/// folder, with or without a leading slash. Paths that leave the folder are refused.
std::vector<ImageRow> list_rows(Scan& scan, bool forced);

}  // namespace pluvia
