// SPDX-License-Identifier: Apache-2.0
// The files of a report: an earlier report stays whole until the new one lies beside it on the
// disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.h"

namespace pluvia {

/// Written under other names first; `publish` gives them theirs. What was not published is deleted.
class ReportFiles {
 public:
  ReportFiles() = default;
  ~ReportFiles();
  ReportFiles(const ReportFiles&) = delete;
  ReportFiles& operator=(const ReportFiles&) = delete;

  /// Makes the folder where it is not there.
  void add(const fs::path& file, std::string_view text);
  void publish();

 private:
  std::vector<std::unique_ptr<NewFile>> files_;
  std::vector<fs::path> made_;  ///< folders
};

/// Folders of data sets that the report whose page this is has, by name; none where there is no
/// such page.
std::vector<std::string> set_folders(const fs::path& page);

/// Deletes the report in a folder, and the folder when nothing else is in it.
void remove_report(const fs::path& folder);

}  // namespace pluvia
