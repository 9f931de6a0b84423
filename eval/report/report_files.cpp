// SPDX-License-Identifier: Apache-2.0
#include "eval/report/report_files.h"

#include <nlohmann/json.hpp>
#include <span>

#include "core/error.h"
#include "core/json.h"

namespace pluvia {

ReportFiles::~ReportFiles() {
  std::error_code ignored;
  files_.clear();
  // Those that something was published in are not empty, and stay.
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) fs::remove(*folder, ignored);
}

void ReportFiles::add(const fs::path& file, std::string_view text) {
  std::vector<fs::path> missing;
  std::error_code code;
  for (fs::path at = file.parent_path(); !at.empty() && !fs::exists(at, code);
       at = at.parent_path()) {
    missing.push_back(at);
  }
  fs::create_directories(file.parent_path(), code);
  if (code) fail("making folder ", file.parent_path().string(), ": ", code.message());
  made_.insert(made_.end(), missing.rbegin(), missing.rend());
  files_.push_back(std::make_unique<NewFile>(file));
  files_.back()->write(std::as_bytes(std::span(text)));
}

void ReportFiles::publish() {
  for (const auto& file : files_) file->finish();
}

std::vector<std::string> set_folders(const fs::path& page) {
  std::error_code ignored;
  if (!fs::is_regular_file(page, ignored)) return {};
  std::vector<std::string> out;
  try {
    const std::string text = read_text(page);
    const std::string_view open = R"(<script type="application/json" id="data">)";
    const std::size_t begin = text.find(open);
    const bool has_sets = text.find(R"("sets":[{)") != std::string::npos;
    if (begin == std::string::npos || !has_sets) return {};
    const std::size_t first = begin + open.size();
    const std::string_view body = std::string_view(text).substr(first);
    const Json data = parse_json(body.substr(0, body.find("</script>")), page.string());
    for (const Json& set : data.at("sets")) {
      const fs::path link = set.at("page").get<std::string>();
      const fs::path folder = link.parent_path();
      const bool below =
          folder.has_filename() && !folder.has_parent_path() && folder != "." && folder != "..";
      if (below && link.filename() == "index.html") out.push_back(folder.string());
    }
  } catch (const std::exception&) {  // no page of ours: there is nothing of ours to delete
    return {};
  }
  return out;
}

void remove_report(const fs::path& folder) {
  std::error_code ignored;
  for (const char* name : {"index.html", "table.tex", "table.csv", "table.md"}) {
    fs::remove(folder / name, ignored);
  }
  fs::remove(folder, ignored);
}

}  // namespace pluvia
