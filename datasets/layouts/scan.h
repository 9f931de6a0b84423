// SPDX-License-Identifier: Apache-2.0
// Looking through a data set folder: lists what is there, notes what is wrong, goes on.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/progress.h"
#include "datasets/layouts/plan.h"
#include "datasets/media/stills.h"

namespace pluvia {

/// What a folder holds, each list in natural order. Hidden files and the litter of file managers
/// (Thumbs.db, desktop.ini, __MACOSX) are not listed, and names that are not UTF-8 are problems.
struct Folder {
  std::vector<fs::path> folders;
  std::vector<fs::path> stills;
  std::vector<fs::path> videos;
  std::vector<fs::path> others;
};

/// File name without its last extension.
std::string stem_of(const fs::path& path);
std::vector<std::string> stems_of(const std::vector<fs::path>& paths);

/// What a folder is called, however the path to it is written ("rain/", ".", "..").
std::string folder_name(const fs::path& folder);

/// "train", "test" or "val" for names with such a word in them (rain_data_train_Light, RainTestH,
/// validation); empty for others.
std::string split_of_name(std::string_view name);

/// One scan of one data set. Problems do not throw; they are collected for the plan.
class Scan {
 public:
  Scan(const fs::path& dir, const ImportOptions& options);

  const fs::path& dir() const { return dir_; }
  const ImportOptions& options() const { return options_; }

  /// An unreadable folder is a problem and gives an empty list.
  Folder list(const fs::path& folder);
  /// The folder `base`/`relative` with letters in any case, if it is there.
  std::optional<fs::path> find_folder(const fs::path& base, std::string_view relative);
  /// Files that no layout reads, beside those that it does: said once, for all folders together.
  void leave_alone(const std::vector<fs::path>& files);
  void tell_left_alone();
  /// In a handler: notes an input that could not be read; an Error of any other kind goes on.
  void unreadable(const fs::path& file, const Error& error);
  /// Size by the header alone; a damaged or foreign file is a problem. Where incomplete things are
  /// left out, the whole picture is checked, since what is damaged must be known beforehand.
  std::optional<StillSize> probe(const fs::path& file, ColorWanted wanted);

  /// `path` relative to the data set, for messages.
  std::string label(const fs::path& path) const;
  void problem(ProblemKind kind, const fs::path& item, const std::string& text);
  void recognise(const std::string& line) { plan.recognised.push_back(line); }
  void warning(const std::string& line) { plan.warnings.push_back(line); }

  ImportPlan plan;

 private:
  fs::path dir_;
  ImportOptions options_;
  Progress progress_;
  std::size_t left_alone_ = 0;
  std::vector<std::string> some_left_alone_;
};

}  // namespace pluvia
