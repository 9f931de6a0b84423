// SPDX-License-Identifier: Apache-2.0
#include "eval/report/report.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "core/json.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/text.h"

namespace pluvia::cli {

Run setup_report(CLI::App& app, const Globals& globals) {
  auto request = std::make_shared<ReportRequest>();
  app.add_option("RUN", request->runs, "run records that `eval` wrote")->required();
  app.add_option("-o,--out", request->out, "the folder to write")->required();
  app.add_option("--table", request->tables, "published numbers to show: a table's name or file");
  app.add_option("--against", request->against,
                 "label of the method that differences are taken to (default: the first)");
  app.add_option("--title", request->title, "title of the page");
  app.add_flag("--force", request->force, "replace an existing report");
  app.footer(
      "Writes index.html (one file, opens offline), table.tex, table.csv and table.md. Records\n"
      "of one label count as training seeds of one method. Records on several sets give a folder "
      "for\n"
      "each and a table of all, with the mean of their means. Published numbers stand beside "
      "ours,\n"
      "with the difference, only when the data is the table's (by content hash) and the protocol\n"
      "one of its protocols (by hash of what it says). Regions: of a set without raindrop mask,\n"
      "changed is where |rainy - truth| > 3 of 255 in some channel.\nTables: " +
      manifest_list("tables") + ".");
  return [request, &globals] {
    const std::filesystem::path page = write_report(*request);
    if (globals.json) print_line(Json{{"report", page.string()}}.dump());
    note("report: " + page.string());
    return 0;
  };
}

}  // namespace pluvia::cli
