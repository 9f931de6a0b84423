// SPDX-License-Identifier: Apache-2.0
#include "eval/report/report.h"

#include <cctype>

#include "core/error.h"
#include "core/file.h"
#include "core/progress.h"
#include "eval/report/beside.h"
#include "eval/report/over_sets.h"
#include "eval/report/page.h"
#include "eval/report/sets_page.h"
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

void write_tables(const fs::path& out, const Comparison& comparison, const std::string& more) {
  std::error_code code;
  fs::create_directories(out, code);
  if (code) fail("making folder ", out.string(), ": ", code.message());
  write_text(out / "table.tex", latex_table(comparison));
  write_text(out / "table.csv", csv_table(comparison));
  write_text(out / "table.md", markdown_table(comparison) + more);
}

void write_set(const fs::path& out, const Comparison& comparison, const PageRequest& request) {
  write_tables(out, comparison, published_markdown(comparison, request.published));
  write_text(out / "index.html", report_page(comparison, request));
}

/// A set's name as a folder's.
std::string folder_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    out += plain ? c : '-';
  }
  return out;
}

void write_sets(const ReportRequest& request, const std::vector<SetRuns>& sets,
                const std::vector<Comparison>& comparisons, const PageRequest& page) {
  std::vector<SetComparison> named;
  std::vector<SetPage> pages;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    named.push_back({sets[i].name, &comparisons[i]});
    pages.push_back({sets[i].name, folder_name(sets[i].name), &comparisons[i]});
    write_set(request.out / pages.back().folder, comparisons[i],
              {request.title + ": " + sets[i].name, page.published, {}, {}});
  }
  const Comparison table = over_sets(named);
  write_tables(request.out, table, "");
  write_text(request.out / "index.html", sets_page(table, pages, page));
}

void warn_of_seeds(const Comparison& comparison) {
  for (const ComparedMethod& method : comparison.methods) {
    if (method.runs.size() < 2) continue;
    warn(cat(
        method.runs.size(), " records are called '", method.label,
        "': taken for training seeds of one method; give each its own --label if they are not"));
  }
}

}  // namespace

fs::path write_report(const ReportRequest& request) {
  fs::path page = request.out / "index.html";
  std::error_code code;
  if (fs::exists(page, code) && !request.force) {
    fail_usage(page.string(), " exists; use --force to replace it or another --out");
  }
  std::vector<RunRecord> runs;
  for (const fs::path& file : request.runs) runs.push_back(read_run_record(file));
  if (runs.empty()) fail_usage("report: name at least one run record");
  const std::vector<SetRuns> sets = by_data(std::move(runs));
  std::vector<Comparison> comparisons;
  for (const SetRuns& set : sets) {
    comparisons.push_back(compare_runs(set.runs, request.against));
    warn_of_seeds(comparisons.back());
  }
  const PageRequest parts{request.title, shown_tables(request.tables), request.sweeps,
                          request.training};
  if (sets.size() == 1) {
    write_set(request.out, comparisons.front(), parts);
  } else {
    write_sets(request, sets, comparisons, parts);
  }
  return page;
}

}  // namespace pluvia
