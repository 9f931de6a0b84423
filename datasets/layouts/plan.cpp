// SPDX-License-Identifier: Apache-2.0
#include "datasets/layouts/plan.h"

#include <array>
#include <set>

#include "core/counted.h"
#include "core/error.h"
#include "core/text.h"

namespace pluvia {
namespace {

constexpr std::array<const char*, 7> kKindNames = {
    "missing", "extra", "duplicate", "count mismatch", "size mismatch", "unreadable", "not paired"};

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

std::size_t frames_or_likely(const PlannedClip& clip) {
  return static_cast<std::size_t>(clip.frames > 0 ? clip.frames : clip.likely_frames);
}

std::string place_of(const PlannedClip& clip) {
  return (clip.split.empty() ? "" : clip.split + "/") +
         (clip.group.empty() ? "" : clip.group + "/");
}

}  // namespace

const char* name_of(ProblemKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

LayerSet PlannedClip::layer_set() const {
  LayerSet set;
  for (const auto& entry : layers) set.add(entry.first);
  return set;
}

std::uint64_t PlannedClip::frame_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& entry : layers) bytes += spec(entry.first).pixel_bytes();
  return bytes * static_cast<std::uint64_t>(height) * static_cast<std::uint64_t>(width);
}

std::uint64_t PlannedClip::raw_bytes() const {
  const std::uint64_t pixels =
      static_cast<std::uint64_t>(height) * static_cast<std::uint64_t>(width);
  std::uint64_t bytes = 0;
  for (const auto& [layer, from] : layers) {
    const std::size_t rows = from.video ? frames_or_likely(*this) : from.files.size();
    bytes += pixels * rows * spec(layer).pixel_bytes();
  }
  return bytes;
}

std::uint64_t ImportPlan::frames() const {
  std::uint64_t sum = 0;
  for (const PlannedClip& clip : clips) sum += frames_or_likely(clip);
  return sum;
}

std::uint64_t ImportPlan::raw_bytes() const {
  std::uint64_t sum = 0;
  for (const PlannedClip& clip : clips) sum += clip.raw_bytes();
  return sum;
}

bool is_gap(ProblemKind kind) {
  return kind == ProblemKind::kMissing || kind == ProblemKind::kExtra ||
         kind == ProblemKind::kUnreadable;
}

std::string describe(const std::vector<Problem>& problems) {
  std::array<std::size_t, kKindNames.size()> counts{};
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    ++counts[static_cast<std::size_t>(problem.kind)];
    lines.push_back(problem.item + ": " + problem.text);
  }
  std::vector<std::string> kinds;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) kinds.push_back(cat(counts[i], " ", kKindNames[i]));
  }
  constexpr std::size_t kShown = 5;
  std::string out = cat(counted(problems.size(), "problem"), " (", join(kinds, ", "), "): ");
  for (std::size_t i = 0; i < lines.size() && i < kShown; ++i)
    out += (i > 0 ? "; " : "") + lines[i];
  if (lines.size() > kShown) out += cat("; and ", lines.size() - kShown, " more");
  return out;
}

void require_sound(const ImportPlan& plan, const fs::path& dir) {
  const std::string place = cat("importing ", dir.string(), " as ", plan.layout, ": ");
  if (!plan.problems.empty()) {
    bool only_gaps = true;
    for (const Problem& problem : plan.problems) {
      only_gaps = only_gaps && is_gap(problem.kind);
    }
    fail(place, describe(plan.problems), "; mend the folder",
         only_gaps ? " or import what is complete with --allow-missing" : "",
         " (--verbose lists every problem)");
  }
  if (plan.clips.empty()) fail(place, "no clips or pictures found");
}

std::string safe_id(std::string_view name) {
  std::string id;
  for (const char c : name) id += is_safe(c) ? c : '_';
  if (id.empty() || id.front() == '.' || id.front() == '-') id.insert(0, "_");
  constexpr std::size_t kLongest = 120;
  if (id.size() > kLongest) id.resize(kLongest);
  return id;
}

void assign_ids(std::vector<PlannedClip>& clips) {
  std::map<std::string, std::set<std::string>> places;
  for (const PlannedClip& clip : clips) places[safe_id(clip.name)].insert(place_of(clip));
  std::set<std::string> taken;
  for (PlannedClip& clip : clips) {
    if (clip.source.empty()) clip.source = place_of(clip) + clip.name;
    const bool plain = places[safe_id(clip.name)].size() == 1;
    std::string prefix = plain ? "" : place_of(clip);
    const std::string base = safe_id(prefix + clip.name);
    std::string id = base;
    for (int again = 2; !taken.insert(id).second; ++again) id = cat(base, "_", again);
    clip.id = id;
  }
}

}  // namespace pluvia
