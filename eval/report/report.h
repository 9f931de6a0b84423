// SPDX-License-Identifier: Apache-2.0
// From run records to index.html, table.tex, table.csv and table.md. Records on several data sets
// give a folder of these for each set, and over them a table and a page of all.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/report/page.h"

namespace pluvia {

struct ReportRequest {
  std::vector<std::filesystem::path> runs;
  std::filesystem::path out;        ///< a folder, made when it is not there
  std::vector<std::string> tables;  ///< published ones to stand beside or apart
  std::string against;              ///< label that differences are taken to
  std::string title = "Deraining, scored by Pluvia";
  std::vector<PagePlot> sweeps;    ///< scores against what differs from clip to clip
  std::vector<PagePlot> training;  ///< curves of trainings
  bool force = false;
};

/// The page that was written.
std::filesystem::path write_report(const ReportRequest& request);

}  // namespace pluvia
