// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/image_plan.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "datasets/layouts/splits.h"

namespace pluvia {
namespace {

struct Side {
  fs::path folder;
  std::vector<fs::path> files;
  Keys keys;
};

Side side_of(Scan& scan, const fs::path& folder) {
  Folder found = scan.list(folder);
  scan.leave_alone(found.videos);
  scan.leave_alone(found.others);
  return {folder, std::move(found.stills), {}};
}

using FileByKey = std::unordered_map<std::string, fs::path>;

void tell(Scan& scan, const std::string& line) {
  auto& lines = scan.plan.recognised;
  if (std::find(lines.begin(), lines.end(), line) == lines.end()) scan.recognise(line);
}

void tell_rule(Scan& scan, const NameRule& rule) {
  tell(scan, cat("rule ", rule.name, ": ", rule.help));
}

FileByKey index_by_key(Scan& scan, const Side& side) {
  FileByKey index;
  for (std::size_t i = 0; i < side.files.size(); ++i) {
    if (!side.keys[i]) {
      scan.problem(ProblemKind::kUnmatched, side.files[i], "its name does not fit the naming rule");
      continue;
    }
    const auto [known, fresh] = index.emplace(*side.keys[i], side.files[i]);
    if (fresh) continue;
    scan.problem(ProblemKind::kDuplicate, side.files[i],
                 cat("same name or number as ", known->second.filename().string()));
  }
  return index;
}

// Several inputs may share a ground truth only under a counted rule; an input itself is never
// twice.
bool is_duplicate(Scan& scan, const fs::path& file, const std::string& key,
                  std::map<std::string, fs::path>& seen) {
  const auto [known, fresh] = seen.emplace(key, file);
  if (fresh) return false;
  scan.problem(ProblemKind::kDuplicate, file,
               cat("same name or number as ", known->second.filename().string()));
  return true;
}

std::vector<ImageRow> join_sides(Scan& scan, const Side& lq, const Side& gt, bool counted) {
  const FileByKey clean = index_by_key(scan, gt);
  std::vector<ImageRow> rows;
  std::map<std::string, fs::path> seen;
  std::set<std::string> used;
  for (std::size_t i = 0; i < lq.files.size(); ++i) {
    if (!lq.keys[i]) {
      scan.problem(ProblemKind::kUnmatched, lq.files[i], "its name does not fit the naming rule");
      continue;
    }
    const std::string name = stem_of(lq.files[i]);
    if (is_duplicate(scan, lq.files[i], counted ? pairing_key(name) : *lq.keys[i], seen)) continue;
    used.insert(*lq.keys[i]);
    const auto partner = clean.find(*lq.keys[i]);
    if (partner == clean.end()) {
      scan.problem(ProblemKind::kMissing, lq.files[i], "no partner in " + scan.label(gt.folder));
      continue;
    }
    rows.push_back({name, "", "", {{Layer::kLq, lq.files[i]}, {Layer::kGt, partner->second}}});
  }
  for (std::size_t i = 0; i < gt.files.size(); ++i) {
    if (gt.keys[i] && used.count(*gt.keys[i]) == 0) {
      scan.problem(ProblemKind::kExtra, gt.files[i], "no partner in " + scan.label(lq.folder));
    }
  }
  return rows;
}

void add_layer(Scan& scan, std::vector<ImageRow>& rows, Layer layer, const fs::path& folder) {
  const Folder found = scan.list(folder);
  Side side{folder, found.stills, {}};
  for (const fs::path& file : side.files) side.keys.emplace_back(pairing_key(stem_of(file)));
  FileByKey index = index_by_key(scan, side);
  std::erase_if(rows, [&](ImageRow& row) {
    const auto partner = index.find(pairing_key(row.name));
    if (partner == index.end()) {
      scan.problem(ProblemKind::kMissing, row.files.at(Layer::kLq),
                   "no partner in " + scan.label(folder));
      return true;
    }
    row.files[layer] = partner->second;
    index.erase(partner);
    return false;
  });
  for (const auto& [key, file] : index) {
    scan.problem(ProblemKind::kExtra, file, "no partner among the rainy pictures");
  }
}

const NameRule* choose_rule(Scan& scan, const Side& lq, const Side& gt) {
  const NameRule* rule = best_rule(stems_of(lq.files), stems_of(gt.files));
  if (rule == nullptr) {
    scan.problem(ProblemKind::kUnmatched, gt.folder,
                 cat("no naming rule pairs '", gt.files.front().filename().string(),
                     "' and its like with '", lq.files.front().filename().string(), "' in ",
                     scan.label(lq.folder), "; force one with --rule"));
  }
  return rule;
}

struct SizedRow {
  ImageRow row;
  int height = 0;
  int width = 0;
};

class Sizer {
 public:
  explicit Sizer(Scan& scan) : scan_(scan) {}

  // The common size of all pictures of a row, or nothing with the reason among the problems.
  std::optional<SizedRow> operator()(ImageRow row) {
    SizedRow out;
    for (const auto& [layer, file] : row.files) {
      auto size = size_of_file(file, layer);
      if (!size) return std::nullopt;
      const Piece piece =
          layer == Layer::kGt ? row.gt : (layer == Layer::kLq ? row.lq : Piece::kWhole);
      if (piece != Piece::kWhole) {
        if (size->width % 2 != 0) {
          scan_.problem(ProblemKind::kSize, file,
                        cat("is ", size->width,
                            " pixels wide: two pictures side by side have an even width"));
          return std::nullopt;
        }
        size->width /= 2;
      }
      if (out.height == 0) {
        out.height = size->height;
        out.width = size->width;
      } else if (out.height != size->height || out.width != size->width) {
        scan_.problem(
            ProblemKind::kSize, file,
            cat("is ", size->width, "x", size->height, ", but ",
                scan_.label(row.files.begin()->second), " is ", out.width, "x", out.height));
        return std::nullopt;
      }
    }
    out.row = std::move(row);
    return out;
  }

 private:
  // Halves and shared ground truths ask for the same file again and again.
  std::optional<StillSize> size_of_file(const fs::path& file, Layer layer) {
    const auto [entry, fresh] = known_.try_emplace(file.string());
    const bool grey = spec(layer).channels == 1;
    if (fresh) entry->second = scan_.probe(file, grey ? ColorWanted::kGrey : ColorWanted::kRgb);
    return entry->second;
  }

  Scan& scan_;
  std::unordered_map<std::string, std::optional<StillSize>> known_;
};

// Two pictures of one name could not be told apart in the set, nor exported again.
void report_equal_names(Scan& scan, const std::vector<SizedRow>& rows) {
  std::map<std::tuple<std::string, std::string, std::string>, fs::path> seen;
  for (const SizedRow& entry : rows) {
    const ImageRow& row = entry.row;
    const fs::path& file = row.files.at(Layer::kLq);
    const auto [known, fresh] = seen.emplace(std::tuple(row.split, row.group, row.name), file);
    if (fresh) continue;
    scan.problem(ProblemKind::kDuplicate, file, "same name as " + scan.label(known->second));
  }
}

bool stack_order(const SizedRow& a, const SizedRow& b) {
  const auto head = [](const SizedRow& row) {
    return std::tie(row.row.split, row.row.group, row.height, row.width);
  };
  if (head(a) != head(b)) return head(a) < head(b);
  const std::string gt_a = a.row.files.at(Layer::kGt).string();
  const std::string gt_b = b.row.files.at(Layer::kGt).string();
  if (gt_a != gt_b) return natural_less(gt_a, gt_b);
  return natural_less(a.row.name, b.row.name);
}

bool same_stack(const SizedRow& a, const SizedRow& b) {
  return a.row.split == b.row.split && a.row.group == b.row.group && a.height == b.height &&
         a.width == b.width && a.row.files.size() == b.row.files.size();
}

PlannedClip make_stack(const std::vector<SizedRow>& rows, std::size_t first, std::size_t last) {
  const SizedRow& head = rows[first];
  PlannedClip clip;
  clip.split = head.row.split;
  clip.group = head.row.group;
  clip.height = head.height;
  clip.width = head.width;
  clip.frames = static_cast<int>(last - first);
  clip.name = cat(clip.width, "x", clip.height);
  bool shared = false;
  for (std::size_t i = first; i < last; ++i) {
    const ImageRow& row = rows[i].row;
    clip.frame_names.push_back(row.name);
    for (const auto& [layer, file] : row.files) {
      LayerSource& source = clip.layers[layer];
      if (layer == Layer::kLq) source.piece = row.lq;
      if (layer == Layer::kGt) source.piece = row.gt;
      const bool again =
          layer == Layer::kGt && !source.files.empty() && source.files.back() == file;
      shared = shared || again;
      if (!again) source.files.push_back(file);
    }
    clip.gt_index.push_back(static_cast<int>(clip.layers.at(Layer::kGt).files.size()) - 1);
  }
  if (!shared) clip.gt_index.clear();
  return clip;
}

}  // namespace

std::vector<ImageRow> pair_folders(Scan& scan, const DataRoot& root, const NameRule* rule) {
  Side lq = side_of(scan, root.folders.at(Layer::kLq));
  Side gt = side_of(scan, root.folders.at(Layer::kGt));
  for (const Side* side : {&lq, &gt}) {
    if (!side->files.empty()) continue;
    scan.problem(ProblemKind::kMissing, side->folder,
                 "no pictures in it; for folders of frames use the layout paired");
  }
  if (lq.files.empty() || gt.files.empty()) return {};
  if (rule == nullptr) rule = choose_rule(scan, lq, gt);
  if (rule == nullptr) return {};
  tell_rule(scan, *rule);
  lq.keys = lq_keys(*rule, stems_of(lq.files));
  gt.keys = gt_keys(*rule, stems_of(gt.files));
  std::vector<ImageRow> rows = join_sides(scan, lq, gt, rule->lq.counted);
  for (const auto& [layer, folder] : root.folders) {
    if (layer != Layer::kLq && layer != Layer::kGt) add_layer(scan, rows, layer, folder);
  }
  for (ImageRow& row : rows) {
    row.split = root.split;
    row.group = root.group;
  }
  return rows;
}

std::vector<ImageRow> pair_flat(Scan& scan, const fs::path& folder, const NameRule* rule) {
  const std::vector<fs::path> files = scan.list(folder).stills;
  const std::vector<std::string> stems = stems_of(files);
  if (rule == nullptr) {
    for (const NameRule& candidate : name_rules()) {
      if (candidate.form != KeyForm::kPattern || rule != nullptr) continue;
      const Keys lq = lq_keys(candidate, stems);
      const Keys gt = gt_keys(candidate, stems);
      const auto known = [](const Keys& keys) {
        return std::any_of(keys.begin(), keys.end(),
                           [](const auto& key) { return key.has_value(); });
      };
      if (known(lq) && known(gt)) rule = &candidate;
    }
  }
  if (rule == nullptr || rule->form != KeyForm::kPattern) return {};
  tell_rule(scan, *rule);
  const Keys lq_all = lq_keys(*rule, stems);
  const Keys gt_all = gt_keys(*rule, stems);
  Side lq{folder, {}, {}};
  Side gt{folder, {}, {}};
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!gt_all[i] && !lq_all[i]) {
      scan.problem(ProblemKind::kExtra, files[i], "its name fits neither side of the naming rule");
      continue;
    }
    Side& side = gt_all[i] ? gt : lq;
    side.files.push_back(files[i]);
    side.keys.push_back(gt_all[i] ? gt_all[i] : lq_all[i]);
  }
  return join_sides(scan, lq, gt, rule->lq.counted);
}

void plan_stacks(Scan& scan, std::vector<ImageRow> rows) {
  scan.plan.kind = SetKind::kImages;
  Splits splits = Splits::load(scan.options().splits_file);
  Sizer sizer(scan);
  std::vector<SizedRow> sized;
  for (ImageRow& row : rows) {
    splits.apply({row.name}, row.split);
    if (auto entry = sizer(std::move(row))) sized.push_back(std::move(*entry));
  }
  splits.finish(scan.plan.warnings);
  report_equal_names(scan, sized);
  std::sort(sized.begin(), sized.end(), stack_order);
  for (std::size_t first = 0; first < sized.size();) {
    std::size_t last = first + 1;
    while (last < sized.size() && same_stack(sized[first], sized[last])) {
      const bool shares =
          sized[last].row.files.at(Layer::kGt) == sized[last - 1].row.files.at(Layer::kGt);
      if (last - first >= kStackLimit && !shares) break;
      ++last;
    }
    scan.plan.clips.push_back(make_stack(sized, first, last));
    first = last;
  }
}

}  // namespace pluvia
