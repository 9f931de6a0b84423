// SPDX-License-Identifier: Apache-2.0
// Clips are matched between the layers' folders by name, then frames within the clip, again by
// name. Where the layers' frames are named differently (rain-001, norain-001) and no name fits, the
// one number that varies within each folder is taken, and this is said.
#include "datasets/layouts/clip_plan.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/counted.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/text.h"
#include "datasets/layouts/match.h"
#include "datasets/media/frame_source.h"
#include "datasets/pairing.h"

namespace pluvia {
namespace {

// One entry per clip; pictures that lie in the layer's folder itself are one clip.
Listing clip_listing(Scan& scan, const fs::path& folder) {
  const Folder found = scan.list(folder);
  scan.leave_alone(found.others);
  Listing listing{folder, {}};
  for (const fs::path& clip : found.folders) {
    listing.entries.push_back({pairing_key(clip.filename().string()), clip});
  }
  for (const fs::path& video : found.videos) {
    listing.entries.push_back({pairing_key(stem_of(video)), video});
  }
  if (found.stills.empty()) {
    if (listing.entries.empty()) {
      scan.problem(ProblemKind::kMissing, folder, "no clip folders, pictures or videos in it");
    }
    return listing;
  }
  if (listing.entries.empty()) {
    listing.entries.push_back({"", folder});
  } else {
    scan.problem(ProblemKind::kUnmatched, found.stills.front(),
                 cat("pictures lie beside clip folders (", found.stills.size(), " of them)"));
  }
  return listing;
}

ColorWanted color_of(Layer layer) {
  return spec(layer).channels == 1 ? ColorWanted::kGrey : ColorWanted::kRgb;
}

// The first frame tells of colours that cannot be read. As for pictures: where incomplete things
// are left out, the whole video is decoded.
std::optional<SourceInfo> probe_video(Scan& scan, const fs::path& file, ColorWanted wanted) {
  try {
    const std::unique_ptr<FrameSource> source = open_frames(file, wanted);
    Image<std::uint8_t> frame;
    while (source->next(frame) && scan.options().allow_missing) throw_if_interrupted();
    return source->info();
  } catch (const Error& error) {
    scan.unreadable(file, error);
    return std::nullopt;
  }
}

class ClipPlanner {
 public:
  ClipPlanner(Scan& scan, PlannedClip& clip) : scan_(scan), clip_(clip) {}

  // False when the clip cannot be planned at all; the reason is among the problems.
  bool plan(const std::vector<Layer>& layers, const std::vector<fs::path>& paths) {
    for (std::size_t i = 0; i < layers.size(); ++i) {
      std::error_code code;
      if (fs::is_directory(paths[i], code)) {
        still_layers_.push_back(layers[i]);
        listings_.push_back(frames_in(paths[i]));
        if (listings_.back().entries.empty()) return false;
      } else if (!take_video(layers[i], paths[i])) {
        return false;
      }
    }
    return listings_.empty() || take_stills();
  }

 private:
  Listing frames_in(const fs::path& folder) {
    const Folder found = scan_.list(folder);
    for (const auto* other : {&found.folders, &found.videos, &found.others}) {
      scan_.leave_alone(*other);
    }
    Listing listing{folder, {}};
    for (const fs::path& file : found.stills) {
      listing.entries.push_back({pairing_key(stem_of(file)), file});
    }
    if (found.stills.empty()) {
      scan_.problem(
          ProblemKind::kMissing, folder,
          found.folders.empty() ? "no pictures in it" : "no pictures in it, only folders");
    }
    return listing;
  }

  bool take_video(Layer layer, const fs::path& file) {
    const auto facts = probe_video(scan_, file, color_of(layer));
    if (!facts) return false;
    check_size(file, facts->height, facts->width);
    if (facts->frames > 0) check_count(file, facts->frames);
    warn_of_rate(file, facts->fps);
    if (clip_.fps <= 0) clip_.fps = facts->fps;
    clip_.likely_frames = std::max(clip_.likely_frames, facts->likely_frames);
    clip_.layers[layer] = {true, Piece::kWhole, {file}};
    return true;
  }

  bool take_stills() {
    use_numbers_if_names_differ();
    auto rows = match_all(scan_, listings_);
    std::erase_if(rows, [&](const auto& row) { return !is_readable(row); });
    if (rows.empty()) return false;
    for (std::size_t i = 0; i < still_layers_.size(); ++i) {
      LayerSource& source = clip_.layers[still_layers_[i]];
      for (const auto& row : rows) source.files.push_back(row[i]);
    }
    for (const auto& row : rows) clip_.frame_names.push_back(stem_of(row[0]));
    check_count(listings_.front().folder, static_cast<int>(rows.size()));
    warn_of_gap();
    return true;
  }

  /// All layers of a frame.
  bool is_readable(const std::vector<fs::path>& row) {
    bool readable = true;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto size = scan_.probe(row[i], color_of(still_layers_[i]));
      if (size) check_size(row[i], size->height, size->width);
      readable = readable && size;
    }
    return readable;
  }

  void use_numbers_if_names_differ() {
    bool strangers = false;
    for (const Listing& listing : listings_)
      strangers = strangers || !share_keys(listings_[0], listing);
    if (!strangers) return;
    std::vector<Keys> keys;
    for (const Listing& listing : listings_) {
      std::vector<std::string> stems;
      for (const MatchEntry& entry : listing.entries) stems.push_back(stem_of(entry.path));
      keys.push_back(number_keys(stems));
      if (!keys.back().front()) return;
    }
    for (std::size_t i = 0; i < listings_.size(); ++i) {
      for (std::size_t k = 0; k < keys[i].size(); ++k) listings_[i].entries[k].key = *keys[i][k];
    }
    scan_.warning(cat(scan_.label(listings_.front().folder),
                      ": frame names differ between layers; paired by their number"));
  }

  void check_size(const fs::path& file, int height, int width) {
    if (clip_.height == 0) {
      clip_.height = height;
      clip_.width = width;
      sized_by_ = file;
    } else if (height != clip_.height || width != clip_.width) {
      scan_.problem(ProblemKind::kSize, file,
                    cat("is ", width, "x", height, ", but ", scan_.label(sized_by_), " is ",
                        clip_.width, "x", clip_.height));
    }
  }

  void check_count(const fs::path& where, int frames) {
    if (clip_.frames == 0) {
      clip_.frames = frames;
      counted_by_ = where;
    } else if (frames != clip_.frames) {
      scan_.problem(ProblemKind::kCount, where,
                    cat("has ", counted(frames, "frame"), ", but ", scan_.label(counted_by_),
                        " has ", clip_.frames));
    }
  }

  void warn_of_rate(const fs::path& file, double fps) {
    constexpr double kTolerance = 0.01;
    if (fps <= 0 || clip_.fps <= 0 || std::abs(fps - clip_.fps) <= kTolerance * clip_.fps) return;
    scan_.warning(cat(scan_.label(file), ": has ", fps, " frames a second, ",
                      scan_.label(sized_by_), " ", clip_.fps, "; paired by their order"));
  }

  void warn_of_gap() {
    const Keys keys = number_keys(clip_.frame_names);
    for (std::size_t i = 1; i < keys.size(); ++i) {
      const auto before = keys[i - 1] ? parse_int(*keys[i - 1]) : std::nullopt;
      const auto now = keys[i] ? parse_int(*keys[i]) : std::nullopt;
      if (!before || !now || *now == *before + 1) continue;
      scan_.warning(cat(scan_.label(listings_.front().folder), ": frame numbers jump from ",
                        *before, " to ", *now));
      return;
    }
  }

  Scan& scan_;
  PlannedClip& clip_;
  std::vector<Layer> still_layers_;
  std::vector<Listing> listings_;
  fs::path sized_by_;
  fs::path counted_by_;
};

// A clip that lacks layers is looked through all the same, so that all its faults are said at once.
void look_through(Scan& scan, const std::vector<Layer>& layers, const std::vector<fs::path>& row) {
  PlannedClip clip;
  std::vector<Layer> there;
  std::vector<fs::path> paths;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (row[i].empty()) continue;
    there.push_back(layers[i]);
    paths.push_back(row[i]);
  }
  ClipPlanner(scan, clip).plan(there, paths);
}

void plan_root(Scan& scan, const DataRoot& root) {
  std::vector<Layer> layers;
  std::vector<Listing> listings;
  for (const auto& [layer, folder] : root.folders) {
    layers.push_back(layer);
    listings.push_back(clip_listing(scan, folder));
  }
  std::vector<std::vector<fs::path>> partial;
  const auto rows = match_all(scan, listings, &partial);
  for (const auto& row : partial) {
    if (!scan.options().allow_missing) look_through(scan, layers, row);
  }
  for (const auto& row : rows) {
    PlannedClip clip;
    std::error_code code;
    const bool whole_folder = row[0] == root.folders.at(layers[0]);
    const bool folder = fs::is_directory(row[0], code);
    clip.name = whole_folder ? folder_name(scan.dir())
                             : (folder ? row[0].filename().string() : stem_of(row[0]));
    if (whole_folder) {
      scan.warning(scan.label(row[0]) +
                   ": its pictures are taken as the frames of one clip; for "
                   "unrelated pictures use the layout paired-images");
    }
    clip.split = root.split;
    clip.group = root.group;
    if (ClipPlanner(scan, clip).plan(layers, row)) scan.plan.clips.push_back(std::move(clip));
  }
}

}  // namespace

void plan_clips(Scan& scan, const std::vector<DataRoot>& roots) {
  scan.plan.kind = SetKind::kClips;
  for (const DataRoot& root : roots) plan_root(scan, root);
}

void plan_clip(Scan& scan, PlannedClip clip, const std::map<Layer, fs::path>& folders) {
  std::vector<Layer> layers;
  std::vector<fs::path> paths;
  for (const auto& [layer, folder] : folders) {
    layers.push_back(layer);
    paths.push_back(folder);
  }
  if (ClipPlanner(scan, clip).plan(layers, paths)) scan.plan.clips.push_back(std::move(clip));
}

}  // namespace pluvia
