// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/roots.h"

#include <algorithm>
#include <set>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

struct LayerNames {
  Layer layer;
  std::vector<const char*> names;
};

const std::vector<LayerNames>& usual_names() {
  static const std::vector<LayerNames> names = {
      {Layer::kStreak, {"streak", "mstreak", "streaks"}},
      {Layer::kMask, {"mask", "01drop", "drop_mask", "rainy_mask"}},
      {Layer::kDrop, {"drop"}},
  };
  return names;
}

struct SplitFolder {
  fs::path path;
  std::string split;
};

std::vector<SplitFolder> split_folders(Scan& scan) {
  std::vector<SplitFolder> found;
  for (const fs::path& folder : scan.list(scan.dir()).folders) {
    const std::string split = split_of_name(folder.filename().string());
    if (!split.empty()) found.push_back({folder, split});
  }
  return found;
}

// Two split folders of one split (Light and Heavy) stay apart by their names; a root without a
// split is the training half when test folders lie beside it.
void settle_splits(std::vector<DataRoot>& roots, const std::vector<std::string>& names) {
  std::map<std::string, int> uses;
  for (const DataRoot& root : roots) ++uses[root.split];
  const bool has_test = uses["test"] + uses["val"] > 0;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    if (uses[roots[i].split] > 1) roots[i].group = names[i];
    if (roots[i].split.empty() && has_test && uses["train"] == 0) roots[i].split = "train";
  }
}

std::optional<DataRoot> pair_in(Scan& scan, const fs::path& base,
                                std::span<const FolderPair> pairs) {
  for (const FolderPair& pair : pairs) {
    const auto lq = scan.find_folder(base, pair.lq);
    const auto gt = scan.find_folder(base, pair.gt);
    if (!lq || !gt) continue;
    if (std::string_view(pair.gt) == "." && scan.list(*gt).stills.empty()) continue;
    DataRoot root;
    root.folders = {{Layer::kLq, *lq}, {Layer::kGt, *gt}};
    for (const LayerNames& entry : usual_names()) {
      for (const char* name : entry.names) {
        const auto folder = scan.find_folder(base, name);
        if (folder && root.folders.count(entry.layer) == 0) root.folders[entry.layer] = *folder;
      }
    }
    return root;
  }
  return std::nullopt;
}

void tell_roots(Scan& scan, const std::vector<DataRoot>& roots) {
  for (const DataRoot& root : roots) {
    std::vector<std::string> parts;
    for (const auto& [layer, folder] : root.folders) {
      parts.push_back(cat(spec(layer).name, "=", scan.label(folder)));
    }
    scan.recognise((root.split.empty() ? std::string("folders") : root.split) + ": " +
                   join(parts, " "));
  }
}

/// Beside those that were taken, and beside the folders that these are in.
void warn_of_unused(Scan& scan, const std::vector<DataRoot>& roots) {
  std::set<fs::path> used;
  std::set<fs::path> parents = {fs::path()};
  for (const DataRoot& root : roots) {
    for (const auto& [layer, folder] : root.folders) {
      fs::path inside = folder.lexically_relative(scan.dir());
      if (inside == ".") return;
      if (inside.empty() || *inside.begin() == "..") continue;
      for (; !inside.empty(); inside = inside.parent_path()) {
        used.insert(inside);
        parents.insert(inside.parent_path());
      }
    }
  }
  std::vector<std::string> unused;
  for (const fs::path& parent : parents) {
    for (const fs::path& folder : scan.list(scan.dir() / parent).folders) {
      const fs::path inside = parent / folder.filename();
      if (used.count(inside) == 0) unused.push_back(inside.generic_string());
    }
  }
  if (!unused.empty()) scan.warning("folders that were not used: " + list_some(unused));
}

// The root whose split folder is `base`, if all that the options name is there.
std::optional<DataRoot> free_root_in(Scan& scan, const fs::path& base) {
  DataRoot root;
  for (const auto& [layer, folder] : scan.options().folders) {
    const auto found = scan.find_folder(base, folder.string());
    if (found) root.folders[layer] = *found;
  }
  if (root.folders.count(Layer::kLq) == 0 || root.folders.count(Layer::kGt) == 0)
    return std::nullopt;
  return root;
}

// Of the folders that the options name those that are paths of their own; the others are inside the
// data set or in one of its split folders.
std::map<Layer, fs::path> folders_elsewhere(Scan& scan) {
  std::map<Layer, fs::path> elsewhere;
  const std::vector<SplitFolder> splits = split_folders(scan);
  for (const auto& [layer, folder] : scan.options().folders) {
    bool inside = scan.find_folder(scan.dir(), folder.string()).has_value();
    for (const SplitFolder& base : splits) {
      inside = inside || scan.find_folder(base.path, folder.string());
    }
    if (inside) continue;
    std::error_code code;
    if (!fs::is_directory(folder, code)) {
      fail("importing ", scan.dir().string(), ": --", spec(layer).name, " ", folder.string(),
           ": no such folder in ", scan.dir().string(), ", in its train and test folders or here");
    }
    elsewhere[layer] = folder;
  }
  return elsewhere;
}

// Folders outside the data set hold the layer of one root; which clips of which split they belong
// to cannot be told where there are several.
void add_elsewhere(Scan& scan, const std::map<Layer, fs::path>& elsewhere,
                   std::vector<DataRoot>& roots) {
  if (elsewhere.empty()) return;
  if (roots.size() > 1) {
    const auto& [layer, folder] = *elsewhere.begin();
    fail("importing ", scan.dir().string(), ": --", spec(layer).name, " ", folder.string(),
         " lies outside the data set, which has ", roots.size(),
         " folders with --lq and --gt; put a folder of that name into each");
  }
  roots.front().folders.insert(elsewhere.begin(), elsewhere.end());
}

void warn_of_missing_layers(Scan& scan, const std::vector<DataRoot>& roots) {
  for (const DataRoot& root : roots) {
    for (const auto& [layer, folder] : scan.options().folders) {
      if (root.folders.count(layer) > 0) continue;
      scan.warning(cat("--", spec(layer).name, " ", folder.string(), ": not beside ",
                       scan.label(root.folders.at(Layer::kLq)), ", whose clips go without"));
    }
  }
}

std::size_t places_there(Scan& scan, const Arrangement& arrangement) {
  return static_cast<std::size_t>(std::count_if(
      arrangement.places.begin(), arrangement.places.end(),
      [&](const Place& place) { return scan.find_folder(scan.dir(), place.folder).has_value(); }));
}

std::vector<DataRoot> roots_of(Scan& scan, const Arrangement& arrangement) {
  std::vector<DataRoot> roots;
  for (const Place& place : arrangement.places) {
    const auto folder = scan.find_folder(scan.dir(), place.folder);
    if (!folder) continue;
    auto root = std::find_if(roots.begin(), roots.end(),
                             [&](const DataRoot& known) { return known.split == place.split; });
    if (root == roots.end()) {
      roots.push_back({place.split, "", {}});
      root = roots.end() - 1;
    }
    root->folders[place.layer] = *folder;
  }
  return roots;
}

}  // namespace

const Arrangement& find_arrangement(std::span<const Arrangement> arrangements,
                                    const std::string& name) {
  if (name.empty()) return arrangements.front();
  for (const Arrangement& arrangement : arrangements) {
    if (name == arrangement.name) return arrangement;
  }
  const std::vector<std::string> names = names_of(arrangements);
  fail_usage("unknown --arrangement '", name, "'", did_you_mean(name, names), "; there are ",
             join(names, ", "));
}

std::vector<std::string> names_of(std::span<const Arrangement> arrangements) {
  std::vector<std::string> names;
  for (const Arrangement& arrangement : arrangements) names.emplace_back(arrangement.name);
  return names;
}

std::vector<DataRoot> free_roots(Scan& scan) {
  const auto& folders = scan.options().folders;
  if (folders.empty()) return {};
  if (folders.count(Layer::kLq) == 0 || folders.count(Layer::kGt) == 0) {
    fail_usage("free folder names need both --lq and --gt");
  }
  if (folders.at(Layer::kLq).lexically_normal() == folders.at(Layer::kGt).lexically_normal()) {
    fail_usage("--lq and --gt name one folder: ", folders.at(Layer::kLq).string());
  }
  const std::map<Layer, fs::path> elsewhere = folders_elsewhere(scan);
  std::vector<DataRoot> roots;
  std::vector<std::string> names;
  const auto keep = [&](std::optional<DataRoot> root, const std::string& split,
                        const fs::path& at) {
    if (!root) return;
    root->split = split;
    roots.push_back(std::move(*root));
    names.push_back(at.filename().string());
  };
  keep(free_root_in(scan, scan.dir()), "", scan.dir());
  for (const SplitFolder& folder : split_folders(scan)) {
    keep(free_root_in(scan, folder.path), folder.split, folder.path);
  }
  if (roots.empty()) {
    DataRoot root;
    for (const auto& [layer, folder] : folders) {
      root.folders[layer] = scan.find_folder(scan.dir(), folder.string()).value_or(folder);
    }
    roots.push_back(std::move(root));
    names.emplace_back();
  }
  add_elsewhere(scan, elsewhere, roots);
  warn_of_missing_layers(scan, roots);
  settle_splits(roots, names);
  tell_roots(scan, roots);
  return roots;
}

std::vector<DataRoot> arranged_roots(Scan& scan, std::span<const Arrangement> arrangements) {
  const Arrangement* best = nullptr;
  std::size_t best_count = 0;
  for (const Arrangement& arrangement : arrangements) {
    const std::size_t count = places_there(scan, arrangement);
    if (count > best_count) {
      best = &arrangement;
      best_count = count;
    }
  }
  if (best == nullptr) return {};
  std::vector<DataRoot> roots = roots_of(scan, *best);
  bool any_pair = false;
  for (const DataRoot& root : roots) {
    const bool lq = root.folders.count(Layer::kLq) > 0;
    const bool gt = root.folders.count(Layer::kGt) > 0;
    any_pair = any_pair || (lq && gt);
    if (lq == gt) continue;
    const fs::path& there = root.folders.at(lq ? Layer::kLq : Layer::kGt);
    scan.plan.problems.push_back({ProblemKind::kMissing, scan.label(there),
                                  cat("no folder with its ", lq ? "ground truth" : "rainy input")});
  }
  if (!any_pair) return {};
  std::erase_if(roots, [](const DataRoot& root) {
    return root.folders.count(Layer::kLq) == 0 || root.folders.count(Layer::kGt) == 0;
  });
  scan.recognise(cat("arrangement ", best->name));
  tell_roots(scan, roots);
  warn_of_unused(scan, roots);
  return roots;
}

std::vector<DataRoot> paired_roots(Scan& scan, std::span<const FolderPair> pairs) {
  std::vector<DataRoot> roots;
  std::vector<std::string> names;
  const auto keep = [&](std::optional<DataRoot> root, const std::string& split,
                        const fs::path& at) {
    if (!root) return;
    root->split = split;
    roots.push_back(std::move(*root));
    names.push_back(at.filename().string());
  };
  keep(pair_in(scan, scan.dir(), pairs), "", scan.dir());
  for (const SplitFolder& folder : split_folders(scan)) {
    const std::size_t before = roots.size();
    keep(pair_in(scan, folder.path, pairs), folder.split, folder.path);
    if (roots.size() > before) continue;
    // Several sets for testing (Rain13K): test/Rain100L/input, test/Test100/input, ...
    for (const fs::path& set : scan.list(folder.path).folders) {
      const std::size_t known = roots.size();
      keep(pair_in(scan, set, pairs), folder.split, set);
      if (roots.size() > known) roots.back().group = names.back();
    }
  }
  if (roots.empty()) {
    for (const fs::path& folder : scan.list(scan.dir()).folders) {
      keep(pair_in(scan, folder, pairs), "", folder);
      if (!roots.empty() && roots.back().group.empty()) roots.back().group = names.back();
    }
  }
  if (roots.empty()) return roots;
  settle_splits(roots, names);
  tell_roots(scan, roots);
  warn_of_unused(scan, roots);
  return roots;
}

void fail_unrecognised(Scan& scan, const std::string& expected) {
  const Folder found = scan.list(scan.dir());
  std::vector<std::string> names;
  for (const fs::path& folder : found.folders) names.push_back(folder.filename().string() + "/");
  if (!found.stills.empty()) names.push_back(counted(found.stills.size(), "picture"));
  if (!found.videos.empty()) names.push_back(cat(found.videos.size(), " videos"));
  fail("importing ", scan.dir().string(), ": expected ", expected, ", found ",
       names.empty() ? "an empty folder" : list_some(names),
       "; name the folders with --lq and --gt, or try another layout");
}

}  // namespace pluvia
