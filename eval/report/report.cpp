// SPDX-License-Identifier: Apache-2.0
#include "eval/report/report.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "core/error.h"
#include "core/file.h"
#include "core/progress.h"
#include "core/text.h"
#include "eval/report/beside.h"
#include "eval/report/over_sets.h"
#include "eval/report/page.h"
#include "eval/report/report_files.h"
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

void add_tables(const fs::path& out, const Comparison& comparison, const std::string& more,
                ReportFiles& files) {
  files.add(out / "table.tex", latex_table(comparison));
  files.add(out / "table.csv", csv_table(comparison));
  files.add(out / "table.md", markdown_table(comparison) + more);
}

void add_set(const fs::path& out, const Comparison& comparison, const PageRequest& request,
             ReportFiles& files) {
  add_tables(out, comparison, published_markdown(comparison, request.published), files);
  files.add(out / "index.html", report_page(comparison, request));
}

/// Sets' names as folders': other letters than those of ASCII stay, no two differ by case alone.
std::vector<std::string> folder_names(const std::vector<SetRuns>& sets) {
  constexpr std::size_t kLongest = 80;
  std::set<std::string> taken;
  std::vector<std::string> out;
  for (const SetRuns& set : sets) {
    std::string name;
    for (const char c : set.name.substr(0, kLongest)) {
      const auto byte = static_cast<unsigned char>(c);
      const bool stays = std::isalnum(byte) != 0 || byte >= 0x80 || c == '-' || c == '_';
      name += stays ? c : '-';
    }
    std::string own = name;
    for (int again = 2; !taken.insert(lower(own)).second; ++again) own = cat(name, "-", again);
    out.push_back(own);
  }
  return out;
}

void add_sets(const ReportRequest& request, const std::vector<SetRuns>& sets,
              const std::vector<Comparison>& comparisons, const PageRequest& page,
              const std::vector<std::string>& folders, ReportFiles& files) {
  std::vector<SetComparison> named;
  std::vector<SetPage> pages;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    named.push_back({sets[i].name, &comparisons[i]});
    pages.push_back({sets[i].name, folders[i], &comparisons[i]});
    add_set(request.out / pages.back().folder, comparisons[i],
            {request.title + ": " + sets[i].name, page.published, {}, {}}, files);
  }
  const Comparison table = over_sets(named);
  add_tables(request.out, table, "", files);
  files.add(request.out / "index.html", sets_page(table, pages, page));
}

/// Of data sets that the report before had and this one has not.
void remove_old_sets(const fs::path& out, const std::vector<std::string>& before,
                     const std::vector<std::string>& now) {
  for (const std::string& folder : before) {
    if (std::find(now.begin(), now.end(), folder) == now.end()) remove_report(out / folder);
  }
}

/// Where some set has the method, others may lack it: they compare with their first.
std::string against_in(const SetRuns& set, const std::vector<SetRuns>& sets,
                       const std::string& label) {
  const auto has = [&](const SetRuns& one) {
    return std::any_of(one.runs.begin(), one.runs.end(),
                       [&](const RunRecord& run) { return run.label == label; });
  };
  if (has(set) || std::none_of(sets.begin(), sets.end(), has)) return label;
  if (!label.empty()) warn(cat(set.name, " has no run called '", label, "'"));
  return "";
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
  std::set<fs::path> read;
  for (const fs::path& file : request.runs) {
    if (!read.insert(fs::weakly_canonical(file, code)).second) {
      fail_usage("report: ", file.string(), " is named twice");
    }
    runs.push_back(read_run_record(file));
  }
  if (runs.empty()) fail_usage("report: name at least one run record");
  const std::vector<SetRuns> sets = by_data(std::move(runs));
  std::vector<Comparison> comparisons;
  for (const SetRuns& set : sets) {
    comparisons.push_back(compare_runs(set.runs, against_in(set, sets, request.against)));
    warn_of_seeds(comparisons.back());
  }
  const PageRequest parts{request.title, shown_tables(request.tables), request.sweeps,
                          request.training};
  ReportFiles files;
  std::vector<std::string> folders;
  if (sets.size() == 1) {
    add_set(request.out, comparisons.front(), parts, files);
  } else {
    folders = folder_names(sets);
    add_sets(request, sets, comparisons, parts, folders, files);
  }
  const std::vector<std::string> before = set_folders(page);
  files.publish();
  remove_old_sets(request.out, before, folders);
  return page;
}

}  // namespace pluvia
