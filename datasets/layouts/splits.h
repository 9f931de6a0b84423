// SPDX-License-Identifier: Apache-2.0
// --splits FILE: which clips (or pictures) are for training and which for testing, as JSON
// {"train": [names], "test": [names]}. It overrides what folders say; an unknown name is an error.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace pluvia {

class Splits {
 public:
  /// An empty path gives splits that change nothing.
  static Splits load(const std::filesystem::path& file);

  /// Sets `split` when the file names the clip by one of `names`.
  void apply(const std::vector<std::string>& names, std::string& split);

  /// After all clips: an Error that lists names nobody has, with near ones; a warning for clips
  /// that the file does not name.
  void finish(std::vector<std::string>& warnings) const;

 private:
  std::string file_;
  std::map<std::string, std::string> split_of_;
  std::set<std::string> used_;
  std::vector<std::string> seen_;
  std::size_t unnamed_ = 0;
};

}  // namespace pluvia
