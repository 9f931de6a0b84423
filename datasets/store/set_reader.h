// SPDX-License-Identifier: Apache-2.0
// Reads sets: thread-safe, only the chunks a crop touches, decoded outside HDF5's lock. A set that
// is only an index of links (`merge --link`) is followed to plain sibling files and nowhere else.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/clip.h"
#include "datasets/store/set_info.h"

namespace pluvia {

class SetReader : public std::enable_shared_from_this<SetReader> {
 public:
  /// Refuses what is not a whole, known set, with one line that says why.
  static std::shared_ptr<SetReader> open(const std::filesystem::path& path);
  ~SetReader();

  const SetInfo& info() const { return info_; }
  const std::filesystem::path& path() const { return path_; }
  const IndexRow& row(const std::string& id) const;

  /// The reader keeps the file open as long as it lives.
  std::unique_ptr<ClipReader> clip(const std::string& id) const;

  /// Where the clip's frames lie: this file, or the one that it links to.
  std::filesystem::path file_of(const std::string& id) const;

  /// What really stands in /clips, listed in the index or not.
  std::vector<std::string> stored_clip_names() const;
  /// Of the attributes that every set has, by name: what is wrong with them.
  std::map<std::string, std::string> attribute_problems() const;

 private:
  explicit SetReader(std::filesystem::path path);
  /// The file that a clip links to; null where it lies in this one.
  std::shared_ptr<const SetReader> linked(const std::string& id) const;
  std::shared_ptr<const SetReader> sibling(const std::string& file) const;

  struct File;
  std::filesystem::path path_;
  std::unique_ptr<File> file_;
  SetInfo info_;
  bool follows_links_ = true;
  std::map<std::string, std::size_t> by_id_;
  mutable std::mutex siblings_mutex_;
  mutable std::map<std::string, std::shared_ptr<const SetReader>> siblings_;
};

}  // namespace pluvia
