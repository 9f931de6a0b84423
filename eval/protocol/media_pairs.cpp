// SPDX-License-Identifier: Apache-2.0
#include "eval/protocol/media_pairs.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/text.h"
#include "datasets/media/frame_source.h"
#include "datasets/media/stills.h"
#include "datasets/pairing.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

constexpr int kDeepest = 8;

bool is_stream_name(const fs::path& path) {
  return is_video_name(path) || lower(path.extension().string()) == ".npy";
}

// Clips below a folder: folders that hold pictures themselves, videos and arrays, by relative path.
struct Listing {
  std::map<std::string, MediaSide> clips;  // key of the relative path -> side
  std::map<std::string, std::string> names;
};

void add_clip(Listing& listing, const fs::path& root, const fs::path& path, MediaSide side) {
  fs::path relative = fs::relative(path, root);
  if (!side.stream.empty()) relative.replace_extension();
  const std::string name = relative == "." ? "" : relative.generic_string();
  const std::string key = pairing_key(name);
  if (!listing.clips.emplace(key, std::move(side)).second) {
    fail(root.string(), ": two clips of the name '", name, "'; keep one of them");
  }
  listing.names[key] = name;
}

void list_clips(Listing& listing, const fs::path& root, const fs::path& folder, int depth) {
  Paths stills = all_stills(folder);  // those of one name are named with all other faults
  if (!stills.empty()) add_clip(listing, root, folder, {std::move(stills), {}});
  std::error_code code;
  Paths entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    entries.push_back(entry.path());
  }
  std::sort(entries.begin(), entries.end());
  for (const fs::path& path : entries) {
    if (path.filename().string().starts_with('.')) continue;
    if (fs::is_directory(path, code)) {
      if (depth < kDeepest) list_clips(listing, root, path, depth + 1);
    } else if (is_stream_name(path) && !is_still_name(path)) {
      add_clip(listing, root, path, {{}, path});
    }
  }
}

Listing listing_of(const fs::path& path, const char* what) {
  std::error_code code;
  if (!fs::exists(path, code)) {
    fail("scoring: the ", what, " ", path.string(), ": there is no such file or folder");
  }
  Listing listing;
  if (fs::is_directory(path, code)) {
    list_clips(listing, path, path, 0);
    if (listing.clips.empty()) {
      fail("scoring: the ", what, " ", path.string(),
           " holds no pictures, videos or .npy arrays, expected some");
    }
    return listing;
  }
  MediaSide side;
  (is_still_name(path) || !is_stream_name(path) ? side.stills.emplace_back(path)
                                                : side.stream = path);
  listing.clips.emplace("", std::move(side));
  listing.names[""] = "";
  return listing;
}

std::vector<std::string> stems(const Paths& files) {
  std::vector<std::string> out;
  for (const fs::path& file : files) out.push_back(file.stem().string());
  return out;
}

// Numbers of a folder that stands beside a stream: 0, 1, 2, ... or 1, 2, 3, ...
// A single picture is the only frame, whatever its name. With a gap nothing is left to score: what
// follows it cannot be paired for certain.
void order_by_number(MediaSide& side, std::vector<std::string>& problems) {
  if (side.stills.size() == 1) return;
  std::vector<std::string> names = stems(side.stills);
  std::vector<std::pair<std::int64_t, fs::path>> numbered;
  Keys keys = number_keys(names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto number = keys[i] ? parse_int(*keys[i]) : std::nullopt;
    if (!number) {
      problems.push_back(side.stills[i].string() + ": has no frame number");
      side.stills.clear();
      return;
    }
    numbered.emplace_back(*number, side.stills[i]);
  }
  std::sort(numbered.begin(), numbered.end());
  const std::int64_t first = numbered.front().first;
  for (std::size_t i = 0; i < numbered.size(); ++i) {
    side.stills[i] = numbered[i].second;
    if (first > 1 || numbered[i].first != first + static_cast<std::int64_t>(i)) {
      problems.push_back(cat(numbered[i].second.string(),
                             ": frame numbers have a gap here; beside ",
                             "a video they must run from 0 or 1"));
      side.stills.clear();
      return;
    }
  }
}

// Indices into `files` by the key of their name.
std::map<std::string, std::size_t> indexed(const Keys& keys, const Paths& files,
                                           std::vector<std::string>& problems) {
  std::map<std::string, std::size_t> out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i]) {
      problems.push_back(files[i].string() + ": its name fits no pair");
    } else if (!out.emplace(*keys[i], i).second) {
      problems.push_back(files[i].string() + ": a second picture of the same frame as " +
                         files[out[*keys[i]]].filename().string());
    }
  }
  return out;
}

// False, with the reason among the problems, where the two are of different sizes or no pictures.
bool check_sizes(const fs::path& a, const fs::path& b, std::vector<std::string>& problems) {
  const std::size_t before = problems.size();
  std::vector<StillSize> sizes;
  for (const fs::path& path : {a, b}) {
    try {
      sizes.push_back(probe_still(path));
    } catch (const Error& error) {
      problems.emplace_back(error.what());
    }
  }
  if (sizes.size() == 2 &&
      (sizes[0].height != sizes[1].height || sizes[0].width != sizes[1].width)) {
    problems.push_back(cat(b.string(), ": is ", sizes[1].width, "x", sizes[1].height,
                           ", the reference ", sizes[0].width, "x", sizes[0].height));
  }
  return problems.size() == before;
}

// Both sides are pictures: pairs in the order of the predictions' names.
void pair_stills(MediaClip& clip, std::vector<std::string>& problems) {
  const Paths references = std::move(clip.reference.stills);
  const Paths predictions = std::move(clip.prediction.stills);
  clip.reference.stills.clear();
  clip.prediction.stills.clear();
  const std::vector<std::string> reference_names = stems(references);
  const std::vector<std::string> prediction_names = stems(predictions);
  const NameRule* const rule = best_rule(prediction_names, reference_names);
  if (rule == nullptr) {
    problems.push_back(cat(predictions.front().parent_path().string(),
                           ": no name in it pairs with one in ",
                           references.front().parent_path().string()));
    return;
  }
  const Keys keys = lq_keys(*rule, prediction_names);
  const auto by_key = indexed(gt_keys(*rule, reference_names), references, problems);
  std::map<std::string, int> used;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const auto found = keys[i] ? by_key.find(*keys[i]) : by_key.end();
    if (found == by_key.end()) {
      problems.push_back(predictions[i].string() + ": extra, there is no reference for it");
      continue;
    }
    const bool shared = rule->form == KeyForm::kPattern && rule->lq.counted;
    if (++used[found->first] > 1 && !shared) {
      problems.push_back(predictions[i].string() + ": a second prediction of the same frame");
      continue;
    }
    if (!check_sizes(references[found->second], predictions[i], problems)) continue;
    clip.frames.push_back(prediction_names[i]);
    clip.reference.stills.push_back(references[found->second]);
    clip.prediction.stills.push_back(predictions[i]);
  }
  for (const auto& [key, i] : by_key) {
    if (used.count(key) == 0) {
      problems.push_back(cat(references[i].filename().string(), ": missing in ",
                             predictions.front().parent_path().string()));
    }
  }
}

void pair_sides(MediaClip& clip, std::vector<std::string>& problems) {
  const bool reference_streams = !clip.reference.stream.empty();
  const bool prediction_streams = !clip.prediction.stream.empty();
  if (reference_streams && prediction_streams) return;
  if (!reference_streams && !prediction_streams) return pair_stills(clip, problems);
  MediaSide& pictures = reference_streams ? clip.prediction : clip.reference;
  order_by_number(pictures, problems);
  clip.frames = stems(pictures.stills);
}

// Pictures that go with the frames of a clip: one for all, or one each, found by name.
Paths companions(const fs::path& root, const MediaClip& clip, const char* what,
                 std::vector<std::string>& problems) {
  std::error_code code;
  if (root.empty()) return {};
  if (!fs::exists(root, code))
    fail("scoring: ", what, " ", root.string(), ": there is no such file");
  if (!fs::is_directory(root, code)) return {root};
  const fs::path folder = clip.name.empty() ? root : root / clip.name;
  if (!fs::is_directory(folder, code)) {
    problems.push_back(folder.string() + ": there is no such folder of " + what + " pictures");
    return {};
  }
  const Paths files = list_stills(folder);
  std::map<std::string, fs::path> by_key;
  for (const fs::path& file : files) by_key[pairing_key(file.stem().string())] = file;
  const Paths& references = clip.reference.stills;
  Paths out;
  for (std::size_t i = 0; i < clip.frames.size(); ++i) {
    auto found = by_key.find(pairing_key(clip.frames[i]));
    if (found == by_key.end() && i < references.size()) {
      found = by_key.find(pairing_key(references[i].stem().string()));
    }
    if (found == by_key.end()) {
      problems.push_back(cat(clip.frames[i], ": has no ", what, " picture in ", folder.string()));
      continue;
    }
    out.push_back(found->second);
    if (i < references.size()) check_sizes(references[i], found->second, problems);
  }
  if (clip.frames.empty() && !files.empty()) {
    problems.push_back(cat(folder.string(), ": a folder of ", what, " pictures beside two videos; ",
                           "give the videos as folders of pictures"));
  }
  return out.size() == clip.frames.size() ? out : Paths();
}

}  // namespace

MediaPlan plan_media(const PairPaths& paths) {
  Listing reference = listing_of(paths.reference, "reference");
  Listing prediction = listing_of(paths.prediction, "prediction");
  MediaPlan plan;
  // Two single things belong together whatever their names.
  if (reference.clips.size() == 1 && prediction.clips.size() == 1 &&
      reference.clips.begin()->first != prediction.clips.begin()->first &&
      (reference.clips.count("") > 0 || prediction.clips.count("") > 0)) {
    auto node = prediction.clips.extract(prediction.clips.begin());
    node.key() = reference.clips.begin()->first;
    prediction.clips.insert(std::move(node));
  }
  const bool single_pictures = is_still_name(paths.reference) && is_still_name(paths.prediction);
  for (auto& [key, side] : reference.clips) {
    const auto found = prediction.clips.find(key);
    const std::string& name = reference.names[key];
    if (found == prediction.clips.end()) {
      plan.problems.push_back(cat("clip '", name, "': missing in ", paths.prediction.string()));
      continue;
    }
    MediaClip clip;
    clip.name = name;
    clip.reference = std::move(side);
    clip.prediction = std::move(found->second);
    if (single_pictures) {
      clip.frames = stems(clip.reference.stills);
      check_sizes(clip.reference.stills[0], clip.prediction.stills[0], plan.problems);
    } else {
      pair_sides(clip, plan.problems);
    }
    clip.masks = companions(paths.mask, clip, "mask", plan.problems);
    clip.streaks = companions(paths.streak, clip, "streak", plan.problems);
    clip.rainy = companions(paths.rainy, clip, "rainy", plan.problems);
    plan.clips.push_back(std::move(clip));
  }
  for (const auto& [key, name] : prediction.names) {
    if (reference.names.count(key) == 0 && prediction.clips.count(key) > 0) {
      plan.problems.push_back(cat("clip '", name, "': extra in ", paths.prediction.string(),
                                  ", there is no reference for it"));
    }
  }
  return plan;
}

}  // namespace pluvia
