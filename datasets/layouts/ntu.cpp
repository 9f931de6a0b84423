// SPDX-License-Identifier: Apache-2.0
// NTURain (Chen, Tan, Hou, Chau and Li, "Robust Video Content Alignment and Compensation for Rain
// Removal in a CNN Framework", CVPR 2018): a clip is a folder NAME_Rain beside its ground truth
// NAME_GT. A training clip comes in several rains, NAME_Rain_01, NAME_Rain_02, ..., over one ground
// truth: each is a clip here, NAME_01, and all have one source. Rain that was filmed
// (Dataset_Testing_RealRain) has no ground truth and is left out. Export gives every clip a ground
// truth of its own.
#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "datasets/layouts/clip_plan.h"
#include "datasets/layouts/layout.h"

namespace pluvia {
namespace {

struct SplitPlace {
  const char* split;
  const char* folder;
};

constexpr SplitPlace kPlaces[] = {{"train", "Dataset_Training_Synthetic"},
                                  {"test", "Dataset_Testing_Synthetic"}};

constexpr const char* kRainy = "_rain";
constexpr const char* kTruth = "_gt";

/// NAME and what follows the word: "t1_Rain_02" is t1 and _02. Letters in any case; of both words
/// the later one counts, the other is part of NAME.
struct ClipFolder {
  std::string base;
  std::string variant;
};

std::optional<ClipFolder> parts_of(const fs::path& folder, const std::string& word) {
  const std::string name = folder.filename().string();
  const std::string small = lower(name);
  const std::size_t at = small.rfind(word);
  const std::size_t other = small.rfind(word == kRainy ? kTruth : kRainy);
  if (at == std::string::npos || at == 0) return std::nullopt;
  if (other != std::string::npos && other > at) return std::nullopt;
  const std::string variant = name.substr(at + word.size());
  if (!variant.empty() && variant.front() != '_') return std::nullopt;
  return ClipFolder{name.substr(0, at), variant};
}

/// The ground truth of that very rain, or that of all.
std::optional<fs::path> truth_of(const std::vector<fs::path>& folders, const ClipFolder& rainy) {
  std::optional<fs::path> shared;
  for (const fs::path& folder : folders) {
    const auto parts = parts_of(folder, kTruth);
    if (!parts || lower(parts->base) != lower(rainy.base)) continue;
    if (parts->variant == rainy.variant) return folder;
    if (parts->variant.empty()) shared = folder;
  }
  return shared;
}

void plan_folder(Scan& scan, const fs::path& where, const std::string& split) {
  const std::vector<fs::path> folders = scan.list(where).folders;
  std::vector<fs::path> used;
  for (const fs::path& folder : folders) {
    const auto rainy = parts_of(folder, kRainy);
    if (!rainy) continue;
    const auto truth = truth_of(folders, *rainy);
    if (!truth) {
      scan.problem(ProblemKind::kMissing, folder, cat("no folder ", rainy->base, "_GT beside it"));
      continue;
    }
    used.push_back(*truth);
    PlannedClip clip;
    clip.name = rainy->base + rainy->variant;
    clip.split = split;
    clip.source = (split.empty() ? "" : split + "/") + rainy->base;
    plan_clip(scan, std::move(clip), {{Layer::kLq, folder}, {Layer::kGt, *truth}});
  }
  for (const fs::path& folder : folders) {
    if (!parts_of(folder, kTruth)) continue;
    if (std::find(used.begin(), used.end(), folder) == used.end()) {
      scan.problem(ProblemKind::kExtra, folder, "no rainy folder beside it");
    }
  }
}

void plan(Scan& scan) {
  if (const auto roots = free_roots(scan); !roots.empty()) return plan_clips(scan, roots);
  scan.plan.kind = SetKind::kClips;
  std::size_t splits = 0;
  for (const SplitPlace& place : kPlaces) {
    const auto folder = scan.find_folder(scan.dir(), place.folder);
    if (!folder) continue;
    ++splits;
    scan.recognise(cat(place.split, ": ", scan.label(*folder)));
    plan_folder(scan, *folder, place.split);
  }
  if (splits == 0) {
    plan_folder(scan, scan.dir(), split_of_name(folder_name(scan.dir())));
  } else if (scan.find_folder(scan.dir(), "Dataset_Testing_RealRain")) {
    scan.warning("Dataset_Testing_RealRain has no ground truth and was left out");
  }
  if (scan.plan.clips.empty() && scan.plan.problems.empty()) {
    fail_unrecognised(scan,
                      "Dataset_Training_Synthetic and Dataset_Testing_Synthetic with folders "
                      "NAME_Rain and NAME_GT, or such folders themselves");
  }
}

std::optional<ExportPlace> place(const ClipInfo& clip, Layer layer,
                                 const ExportContext& /*context*/) {
  if (layer != Layer::kLq && layer != Layer::kGt) return std::nullopt;
  const std::string split = clip.split.empty() ? "train" : clip.split;
  for (const SplitPlace& entry : kPlaces) {
    if (split != entry.split) continue;
    const std::string name = original_name(clip) + (layer == Layer::kLq ? "_Rain" : "_GT");
    return ExportPlace{fs::path(entry.folder) / name, false};
  }
  return std::nullopt;
}

}  // namespace

const Layout& layout_ntu() {
  static const Layout layout = {
      "ntu",
      "NTURain: Dataset_Training_Synthetic and Dataset_Testing_Synthetic with NAME_Rain, NAME_GT",
      SetKind::kClips,
      &plan,
      &place,
      [] { return std::vector<std::string>(); }};
  return layout;
}

}  // namespace pluvia
