// SPDX-License-Identifier: Apache-2.0
// A folder that appears whole or not at all: filled under DIR.part, renamed when complete.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/file.h"

namespace pluvia {

/// In the folder: what was exported and how.
inline constexpr const char* kExportRecord = "pluvia-export.json";

class ExportTarget {
 public:
  /// `record` is the text of the record file: a resumed export must find the same one. `resume`
  /// goes on with what a stopped one left, `force` replaces an earlier export when this one is
  /// complete.
  ExportTarget(fs::path dir, std::string record, bool resume, bool force);

  /// Where to write.
  const fs::path& part() const { return part_; }
  bool resumed() const { return resumed_; }
  /// A resumed export had come to its end: the folder is there, of the same record.
  bool complete() const { return complete_; }
  /// Renames the part to its final name.
  void publish_folder();

 private:
  fs::path dir_;
  fs::path part_;
  std::string record_;
  bool force_;
  bool resumed_ = false;
  bool complete_ = false;
  std::optional<LockFile> lock_;
};

}  // namespace pluvia
