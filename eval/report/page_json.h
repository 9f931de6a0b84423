// SPDX-License-Identifier: Apache-2.0
// Parts of a report's page that pages of one data set and of several share.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"
#include "eval/report/comparison.h"
#include "eval/report/page.h"

namespace pluvia {

Json columns_json(const Comparison& comparison);
Json method_json(const ComparedMethod& method);
Json plots_json(const Comparison& comparison, const std::vector<PagePlot>& plots);

/// The whole page; what `data` must hold says assets/script.js.
std::string page_with(const Json& data);

}  // namespace pluvia
