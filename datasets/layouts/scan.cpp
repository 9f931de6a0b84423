// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/scan.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"

namespace pluvia {
namespace {

bool is_litter(const std::string& name) {
  return name.empty() || name.front() == '.' || lower(name) == "thumbs.db" ||
         lower(name) == "desktop.ini" || name == "__MACOSX" || name == "@eaDir";
}

void sort_naturally(std::vector<fs::path>& paths) {
  std::sort(paths.begin(), paths.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
}

void sort_into(Folder& folder, const fs::directory_entry& entry) {
  std::error_code code;
  const fs::path& path = entry.path();
  if (is_litter(path.filename().string())) return;
  if (entry.is_directory(code)) {
    folder.folders.push_back(path);
  } else if (is_still_name(path)) {
    folder.stills.push_back(path);
  } else if (is_video_name(path)) {
    folder.videos.push_back(path);
  } else {
    folder.others.push_back(path);
  }
}

// "rain_data_train_Light" -> rain data train light; "RainTrainH" -> rain train h.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool letter = is_upper(name[i]) || is_lower(name[i]);
    const bool begins = i > 0 && is_upper(name[i]) && is_lower(name[i - 1]);
    if ((begins || !letter) && !words.back().empty()) words.emplace_back();
    if (letter) words.back() += name[i];
  }
  for (std::string& word : words) word = lower(word);
  return words;
}

}  // namespace

std::string stem_of(const fs::path& path) { return path.stem().string(); }

std::vector<std::string> stems_of(const std::vector<fs::path>& paths) {
  std::vector<std::string> stems;
  stems.reserve(paths.size());
  for (const fs::path& path : paths) stems.push_back(stem_of(path));
  return stems;
}

std::string folder_name(const fs::path& folder) {
  fs::path path = fs::absolute(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  return path.filename().string();
}

std::string split_of_name(std::string_view name) {
  for (const std::string& word : words_of(name)) {
    if (word == "train" || word == "training") return "train";
    if (word == "test" || word == "testing") return "test";
    if (word == "val" || word == "valid" || word == "validation") return "val";
  }
  return "";
}

Scan::Scan(const fs::path& dir, const ImportOptions& options)
    : dir_(dir), options_(options), progress_("scanning", 0, "files") {
  std::error_code code;
  if (!fs::exists(dir_, code)) fail("importing ", dir_.string(), ": there is no such folder");
  if (!fs::is_directory(dir_, code)) {
    fail("importing ", dir_.string(), ": expected a folder, found a file");
  }
  if (!dir_.has_filename()) dir_ = dir_.parent_path();
}

Folder Scan::list(const fs::path& folder) {
  throw_if_interrupted();
  Folder found;
  std::error_code code;
  fs::directory_iterator it(folder, code);
  for (; !code && it != fs::directory_iterator(); it.increment(code)) {
    if (is_valid_utf8(it->path().filename().string())) {
      sort_into(found, *it);
    } else {
      problem(ProblemKind::kUnreadable, it->path(), "its name is not UTF-8 text; rename it");
    }
  }
  if (code) problem(ProblemKind::kUnreadable, folder, code.message());
  for (auto* paths : {&found.folders, &found.stills, &found.videos, &found.others}) {
    sort_naturally(*paths);
  }
  return found;
}

std::optional<fs::path> Scan::find_folder(const fs::path& base, std::string_view relative) {
  fs::path place = base;
  for (const std::string& part : split(relative, '/')) {
    if (part.empty() || part == ".") continue;
    std::error_code code;
    if (fs::is_directory(place / part, code)) {
      place /= part;
      continue;
    }
    fs::directory_iterator it(place, code);
    const auto same = [&](const fs::directory_entry& entry) {
      std::error_code ignored;
      return lower(entry.path().filename().string()) == lower(part) && entry.is_directory(ignored);
    };
    fs::path found;
    for (; !code && it != fs::directory_iterator(); it.increment(code)) {
      if (same(*it)) found = it->path();
    }
    if (found.empty()) return std::nullopt;
    place = found;
  }
  return place;
}

std::optional<StillSize> Scan::probe(const fs::path& file, ColorWanted wanted) {
  throw_if_interrupted();
  progress_.add(1);
  try {
    if (options_.allow_missing) check_still(file, wanted, nullptr);
    return probe_still(file);
  } catch (const Error& error) {
    unreadable(file, error);
    return std::nullopt;
  }
}

void Scan::unreadable(const fs::path& file, const Error& error) {
  if (error.kind() != ErrorKind::kInput) throw;
  // The reader names the file first; the plan does so itself.
  std::string text = error.what();
  const std::string prefix = file.string() + ": ";
  if (text.rfind(prefix, 0) == 0) text.erase(0, prefix.size());
  problem(ProblemKind::kUnreadable, file, text);
}

void Scan::leave_alone(const std::vector<fs::path>& files) {
  constexpr std::size_t kNamed = 5;
  left_alone_ += files.size();
  for (const fs::path& file : files) {
    if (some_left_alone_.size() < kNamed) some_left_alone_.push_back(label(file));
  }
}

void Scan::tell_left_alone() {
  if (left_alone_ == 0) return;
  const std::size_t more = left_alone_ - some_left_alone_.size();
  warning(cat("not read, being neither pictures nor videos of a clip: ",
              join(some_left_alone_, ", "), more > 0 ? cat(" and ", more, " more") : ""));
}

std::string Scan::label(const fs::path& path) const {
  const fs::path relative = path.lexically_relative(dir_);
  const bool inside = !relative.empty() && *relative.begin() != "..";
  if (relative == ".") return folder_name(dir_);
  return one_line(inside ? relative.string() : path.string(), 1000);
}

void Scan::problem(ProblemKind kind, const fs::path& item, const std::string& text) {
  if (is_gap(kind) && options_.allow_missing) {
    warning(label(item) + ": " + text + "; left out");
  } else {
    plan.problems.push_back({kind, label(item), text});
  }
}

}  // namespace pluvia
