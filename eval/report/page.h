// SPDX-License-Identifier: Apache-2.0
// The report as one HTML page that needs nothing else: style, script, numbers and pictures are in it.
#pragma once

#include <string>
#include <vector>

#include "eval/report/comparison.h"
#include "eval/report/published.h"

namespace pluvia {

struct PageRequest {
  std::string title;
  std::vector<PublishedTable> published;
};

std::string report_page(const Comparison& comparison, const PageRequest& request);

}  // namespace pluvia
