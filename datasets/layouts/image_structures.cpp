// SPDX-License-Identifier: Apache-2.0
// DID-MDN: Rain_{Heavy,Medium,Light}/train2018new/%d.jpg, 1024x512, left half rainy. That the left
// is the rainy one is the usual reading of its loaders; Rain800 exists in both orders, hence
// --order. SPA-Data: real_world.txt and real_test_1000.txt.
#include "datasets/layouts/image_structures.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr int kDeepest = 4;

void collect_picture_folders(Scan& scan, const fs::path& folder, int depth,
                             std::vector<std::pair<fs::path, std::vector<fs::path>>>& out) {
  Folder found = scan.list(folder);
  if (!found.stills.empty()) out.emplace_back(folder, std::move(found.stills));
  if (depth == kDeepest) return;
  for (const fs::path& child : found.folders) collect_picture_folders(scan, child, depth + 1, out);
}

std::string group_of(const Scan& scan, const fs::path& folder) {
  const fs::path relative = folder.lexically_relative(scan.dir());
  if (relative == ".") return "";
  std::string group;
  for (const fs::path& part : relative) group += (group.empty() ? "" : "_") + part.string();
  return group;
}

std::string split_of_path(const Scan& scan, const fs::path& folder) {
  std::string split;
  for (const fs::path& part : folder.lexically_relative(scan.dir())) {
    const std::string named = split_of_name(part.string());
    if (!named.empty()) split = named;
  }
  return split;
}

// A list's paths begin in the data set's folder, or with its name; nothing when neither is so.
std::optional<fs::path> inside_of(const Scan& scan, const std::string& text) {
  std::string relative = text;
  while (!relative.empty() && relative.front() == '/') relative.erase(0, 1);
  std::error_code code;
  const fs::path root = fs::canonical(scan.dir(), code);
  for (const fs::path& base : {root, root.parent_path()}) {
    const fs::path inside = fs::weakly_canonical(base / relative, code).lexically_relative(root);
    const bool leaves = code || inside.empty() || *inside.begin() == "..";
    if (!leaves && fs::is_regular_file(root / inside, code)) return scan.dir() / inside;
    if (base == root && leaves) return std::nullopt;
  }
  return fs::path();
}

bool is_listed(const Scan& scan, const std::string& text) {
  const auto file = inside_of(scan, text);
  return file && !file->empty();
}

// The file that a list line means; what is wrong with it is a problem.
std::optional<fs::path> listed_file(Scan& scan, const std::string& text, const std::string& line) {
  auto file = inside_of(scan, text);
  if (!file) {
    scan.problem(ProblemKind::kUnmatched, line,
                 cat("'", text, "' leads out of the data set's folder"));
  } else if (file->empty()) {
    scan.problem(ProblemKind::kMissing, line, cat("'", text, "' is not there"));
    file.reset();
  }
  return file;
}

// Of a list that nobody asked for the first pair must be there: papers' lists of names lie beside
// folders, too.
bool looks_like_list(const Scan& scan, const std::string& text, bool forced) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string rainy;
    std::string clean;
    std::string more;
    if (!(words >> rainy)) continue;
    if (!(words >> clean) || (words >> more)) return false;
    return is_still_name(rainy) && is_still_name(clean) && (forced || is_listed(scan, rainy));
  }
  return false;
}

void read_list(Scan& scan, const fs::path& list, const std::string& text, const std::string& split,
               std::vector<ImageRow>& rows) {
  std::istringstream lines(text);
  std::string line;
  std::set<std::string> names;
  std::set<fs::path> files;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string rainy;
    std::string clean;
    std::string more;
    if (!(words >> rainy)) continue;
    const std::string place = cat(list.filename().string(), " line ", number);
    if (!(words >> clean) || (words >> more)) {
      scan.problem(ProblemKind::kUnmatched, place,
                   "expected two paths, the rainy and the clean picture");
      continue;
    }
    const auto lq = listed_file(scan, rainy, place);
    const auto gt = listed_file(scan, clean, place);
    if (!lq || !gt) continue;
    if (!files.insert(*lq).second) {
      scan.problem(ProblemKind::kDuplicate, place, cat("'", rainy, "' is listed twice"));
      continue;
    }
    std::string name = stem_of(*lq);
    if (names.count(name) > 0)
      name = safe_id(lq->lexically_relative(scan.dir()).replace_extension().string());
    names.insert(name);
    rows.push_back({name, split, "", {{Layer::kLq, *lq}, {Layer::kGt, *gt}}});
  }
}

}  // namespace

std::vector<std::string> image_rule_names() {
  std::vector<std::string> names;
  for (const NameRule& rule : name_rules()) names.emplace_back(rule.name);
  names.emplace_back("did");
  names.emplace_back("spa");
  return names;
}

std::vector<ImageRow> side_by_side_rows(Scan& scan, bool forced) {
  std::vector<std::pair<fs::path, std::vector<fs::path>>> folders;
  collect_picture_folders(scan, scan.dir(), 0, folders);
  if (!forced) {
    for (const auto& [folder, files] : folders) {
      std::optional<StillSize> size;
      for (std::size_t i = 0; i < files.size() && !size; ++i) {
        size = scan.probe(files[i], ColorWanted::kRgb);
      }
      if (!size || size->width != 2 * size->height) return {};
    }
  }
  const bool clean_left = scan.options().clean_is_left;
  std::vector<ImageRow> rows;
  for (const auto& [folder, files] : folders) {
    for (const fs::path& file : files) {
      ImageRow row;
      row.name = stem_of(file);
      row.split = split_of_path(scan, folder);
      row.group = group_of(scan, folder);
      if (row.group == row.split) row.group.clear();
      row.files = {{Layer::kLq, file}, {Layer::kGt, file}};
      row.lq = clean_left ? Piece::kRightHalf : Piece::kLeftHalf;
      row.gt = clean_left ? Piece::kLeftHalf : Piece::kRightHalf;
      rows.push_back(std::move(row));
    }
  }
  if (!rows.empty()) {
    scan.recognise(cat("rule did: two pictures side by side, the ", clean_left ? "right" : "left",
                       " one rainy (--order changes that)"));
  }
  return rows;
}

std::vector<ImageRow> list_rows(Scan& scan, bool forced) {
  constexpr std::uint64_t kLimitBytes = 512U << 20;
  std::vector<std::pair<fs::path, std::string>> lists;
  for (const fs::path& file : scan.list(scan.dir()).others) {
    if (lower(file.extension().string()) != ".txt") continue;
    std::string text = read_text(file, kLimitBytes);
    if (looks_like_list(scan, text, forced)) lists.emplace_back(file, std::move(text));
  }
  if (forced && lists.empty()) {
    fail("importing ", scan.dir().string(),
         " by --rule spa: found no .txt file with lines 'rainy clean'");
  }
  std::vector<ImageRow> rows;
  for (const auto& [file, text] : lists) {
    std::string split = split_of_name(file.stem().string());
    if (split.empty() && lists.size() > 1) split = "train";
    scan.recognise(cat("rule spa: pairs listed in ", file.filename().string()));
    read_list(scan, file, text, split, rows);
  }
  return rows;
}

}  // namespace pluvia
