// SPDX-License-Identifier: Apache-2.0
#include "eval/report/report.h"

#include "core/error.h"
#include "core/file.h"
#include "core/progress.h"
#include "eval/report/beside.h"
#include "eval/report/page.h"
#include "eval/report/tables.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

std::vector<PublishedTable> shown_tables(const std::vector<std::string>& names) {
  std::vector<PublishedTable> tables;
  for (const std::string& name : names) {
    PublishedTable table = load_published(name);
    if (table.recalled) {
      warn(cat("table ", table.name, ": its numbers were recalled, not read; they are not shown"));
      continue;
    }
    tables.push_back(std::move(table));
  }
  return tables;
}

}  // namespace

fs::path write_report(const ReportRequest& request) {
  const fs::path page = request.out / "index.html";
  std::error_code code;
  if (fs::exists(page, code) && !request.force) {
    fail_usage(page.string(), " exists; use --force to replace it or another --out");
  }
  std::vector<RunRecord> runs;
  for (const fs::path& file : request.runs) runs.push_back(read_run_record(file));
  const Comparison comparison = compare_runs(runs, request.against);
  for (const ComparedMethod& method : comparison.methods) {
    if (method.runs.size() < 2) continue;
    warn(cat(
        method.runs.size(), " records are called '", method.label,
        "': taken for training seeds of one method; give each its own --label if they are not"));
  }
  const std::vector<PublishedTable> tables = shown_tables(request.tables);
  fs::create_directories(request.out, code);
  if (code) fail("making folder ", request.out.string(), ": ", code.message());
  write_text(request.out / "table.tex", latex_table(comparison));
  write_text(request.out / "table.csv", csv_table(comparison));
  write_text(request.out / "table.md",
             markdown_table(comparison) + published_markdown(comparison, tables));
  write_text(page,
             report_page(comparison, {request.title, tables, request.sweeps, request.training}));
  return page;
}

}  // namespace pluvia
