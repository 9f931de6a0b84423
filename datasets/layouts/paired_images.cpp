// SPDX-License-Identifier: Apache-2.0
// Pairs of single pictures: Rain100L/H (both releases), Rain200L/H, Rain1400, DID, SPA-Data, and
// whatever pairs by name. The rule is recognised from names and said, or forced with --rule.
#include "core/error.h"
#include "core/text.h"
#include "datasets/layouts/image_plan.h"
#include "datasets/layouts/image_structures.h"
#include "datasets/layouts/layout.h"

namespace pluvia {
namespace {

constexpr FolderPair kPairs[] = {
    {"rain/X2", "norain"},
    {"rain/X2", "."},
    {"small/rain", "small/norain"},
    {"lq", "gt"},
    {"input", "target"},
    {"rain", "norain"},
    {"rainy_image", "ground_truth"},
    {"rainy", "clean"},
    {"rainy", "gt"},
    {"rainy", "."},
    {"rain", "gt"},
    {"rain", "clean"},
    {"input", "gt"},
    {"data", "gt"},
    {"rain", "groundtruth"},
    {"input", "groundtruth"},
    {"input", "ground_truth"},
    {"rainy", "groundtruth"},
    {"rainy", "ground_truth"},
};

const NameRule* forced_rule(const std::string& name) {
  for (const NameRule& rule : name_rules()) {
    if (name == rule.name) return &rule;
  }
  return nullptr;
}

void check_rule_name(const std::string& name) {
  const std::vector<std::string> names = image_rule_names();
  for (const std::string& known : names) {
    if (name == known) return;
  }
  fail_usage("unknown --rule '", name, "'", did_you_mean(name, names),
             "; rules: ", join(names, ", "));
}

void append(std::vector<ImageRow>& rows, std::vector<ImageRow> more, const std::string& split) {
  for (ImageRow& row : more) {
    if (row.split.empty()) row.split = split;
    rows.push_back(std::move(row));
  }
}

// Both kinds of picture in one folder: the data set's own, or its train and test folders.
std::vector<ImageRow> flat_rows(Scan& scan, const NameRule* rule) {
  std::vector<ImageRow> rows = pair_flat(scan, scan.dir(), rule);
  std::map<std::string, std::vector<fs::path>> by_split;
  for (const fs::path& folder : scan.list(scan.dir()).folders) {
    const std::string split = split_of_name(folder.filename().string());
    if (!split.empty()) by_split[split].push_back(folder);
  }
  for (const auto& [split, folders] : by_split) {
    for (const fs::path& folder : folders) {
      std::vector<ImageRow> more = pair_flat(scan, folder, rule);
      for (ImageRow& row : more) {
        if (folders.size() > 1) row.group = folder.filename().string();
      }
      append(rows, std::move(more), split);
    }
  }
  return rows;
}

std::vector<ImageRow> find_rows(Scan& scan) {
  const std::string& name = scan.options().rule;
  if (name == "did") return side_by_side_rows(scan, true);
  if (name == "spa") return list_rows(scan, true);
  const NameRule* const rule = forced_rule(name);
  std::vector<DataRoot> roots = free_roots(scan);
  std::vector<ImageRow> rows;
  // A list says more than names of folders: SPA-Data's test pictures lie in folders of their own.
  if (roots.empty() && rule == nullptr) rows = list_rows(scan, false);
  if (!rows.empty()) return rows;
  if (roots.empty()) roots = paired_roots(scan, kPairs);
  for (const DataRoot& root : roots) append(rows, pair_folders(scan, root, rule), root.split);
  if (!roots.empty()) return rows;
  rows = flat_rows(scan, rule);
  if (rows.empty() && rule == nullptr) rows = side_by_side_rows(scan, false);
  return rows;
}

void plan(Scan& scan) {
  if (!scan.options().rule.empty()) check_rule_name(scan.options().rule);
  std::vector<ImageRow> rows = find_rows(scan);
  if (rows.empty() && scan.plan.problems.empty()) {
    fail_unrecognised(
        scan,
        "pictures in pairs of folders (input and target, rain and norain, rainy_image "
        "and ground_truth, ...), rain-1 beside norain-1, a list of pairs, or (with "
        "--rule did) pictures with both halves side by side");
  }
  plan_stacks(scan, std::move(rows));
}

const char* folder_name(Layer layer) {
  if (layer == Layer::kLq) return "input";
  return layer == Layer::kGt ? "target" : spec(layer).name;
}

std::optional<ExportPlace> place(const ClipInfo& clip, Layer layer, const ExportContext& context) {
  const auto folder = split_folder(clip, context);
  if (!folder || layer > Layer::kDrop) return std::nullopt;
  return ExportPlace{*folder / folder_name(layer), false};
}

}  // namespace

const Layout& layout_paired_images() {
  static const Layout layout = {
      "paired-images",
      "picture pairs: Rain100/200/1400, DID (side by side), SPA lists, equal names",
      SetKind::kImages,
      &plan,
      &place,
      [] { return std::vector<std::string>(); }};
  return layout;
}

}  // namespace pluvia
