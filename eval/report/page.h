// SPDX-License-Identifier: Apache-2.0
// The report as one HTML page that needs nothing else: style, script, numbers and pictures are in
// it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "eval/report/comparison.h"
#include "eval/report/published.h"

namespace pluvia {

/// Lines over a common x.
struct PagePlot {
  struct Series {
    std::string label;  ///< a method's where there is one of that label, which gives the colour
    std::vector<std::pair<double, double>> points;
  };
  std::string title;
  std::string x;
  std::string y;
  std::vector<Series> series;
};

struct PageRequest {
  std::string title;
  std::vector<PublishedTable> published;
  std::vector<PagePlot> sweeps;
  std::vector<PagePlot> training;
};

std::string report_page(const Comparison& comparison, const PageRequest& request);

}  // namespace pluvia
