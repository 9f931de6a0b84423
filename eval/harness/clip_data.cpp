// SPDX-License-Identifier: Apache-2.0
#include "eval/harness/clip_data.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "core/error.h"
#include "core/half.h"
#include "core/hash.h"
#include "core/text.h"
#include "datasets/pairing.h"

namespace pluvia {
namespace {

/// What scoring reads, where it is there.
constexpr Layer kRead[] = {Layer::kLq,   Layer::kGt,   Layer::kStreak,
                           Layer::kMask, Layer::kDrop, Layer::kFlow};

std::vector<std::string> names_of(const ClipReader& clip, int frames) {
  FrameColumns columns;
  const std::vector<FrameRow> rows = clip.frame_rows(&columns);
  std::vector<std::string> names;
  std::set<std::string> taken;
  for (int t = 0; t < frames; ++t) {
    const auto at = static_cast<std::size_t>(t);
    if (columns.name && at < rows.size()) {
      names.push_back(rows[at].name);
    } else {
      char text[24];
      std::snprintf(text, sizeof text, "%08d", t);
      names.emplace_back(text);
    }
    if (!taken.insert(pairing_key(names.back())).second) {
      fail("clip ", clip.info().id, ": two of its frames are called ", names.back());
    }
  }
  return names;
}

std::string state_of(const std::filesystem::path& file) {
  return cat(std::filesystem::file_size(file), " ",
             std::filesystem::last_write_time(file).time_since_epoch().count());
}

ScoredClip scored(const SetReader& set, const IndexRow& row, const EvalRequest& request) {
  ScoredClip clip;
  clip.id = row.clip.id;
  clip.split = row.clip.split;
  clip.height = row.clip.height;
  clip.width = row.clip.width;
  clip.layers = row.clip.layers;
  clip.frames = request.frames > 0 ? std::min(request.frames, row.clip.frames) : row.clip.frames;
  for (const Layer layer : {Layer::kLq, Layer::kGt}) {
    if (!clip.layers.has(layer)) {
      fail("scoring clip ", clip.id, " of ", set.path().string(), ": it has no layer ",
           spec(layer).name, ", only ", clip.layers.names());
    }
  }
  const std::unique_ptr<ClipReader> reader = set.clip(clip.id);
  clip.frame_names = names_of(*reader, clip.frames);
  Sha256 hash;
  for (const Layer layer : kRead) {
    const auto found = row.content_sha256.find(layer);
    if (found == row.content_sha256.end()) {
      clip.content_known = clip.content_known && !clip.layers.has(layer);
      continue;
    }
    hash.update(cat(spec(layer).name, "=", found->second, "\n"));
  }
  clip.content = hash.hex();
  clip.file_state = state_of(set.file_of(clip.id));
  return clip;
}

}  // namespace

std::vector<ScoredClip> choose_clips(const SetReader& set, const EvalRequest& request) {
  const SetInfo& info = set.info();
  const std::string split =
      choose_split(info, set.path().string(), request.split, request.clips.empty() ? "test" : "");
  std::vector<std::string> ids;
  for (const IndexRow& row : info.rows) ids.push_back(row.clip.id);
  for (const std::string& wanted : request.clips) {
    if (std::find(ids.begin(), ids.end(), wanted) == ids.end()) {
      fail_usage("--clips ", wanted, ": there is no such clip", did_you_mean(wanted, ids),
                 "; there are ", list_some(ids));
    }
  }
  std::vector<ScoredClip> out;
  for (const IndexRow& row : info.rows) {
    const auto& wanted = request.clips;
    const bool named =
        wanted.empty() || std::find(wanted.begin(), wanted.end(), row.clip.id) != wanted.end();
    if (!named || (!split.empty() && row.clip.split != split)) continue;
    out.push_back(scored(set, row, request));
  }
  if (out.empty()) fail("scoring ", set.path().string(), ": no clips are left to score");
  return out;
}

std::vector<std::string> regions_of(const std::vector<ScoredClip>& clips, bool wanted) {
  if (!wanted) return {};
  const auto all_have = [&](Layer layer) {
    return std::all_of(clips.begin(), clips.end(),
                       [&](const ScoredClip& clip) { return clip.layers.has(layer); });
  };
  return region_names(all_have(Layer::kMask), all_have(Layer::kStreak), true);
}

std::string data_sha256(const std::vector<ScoredClip>& clips) {
  Sha256 hash;
  for (const ScoredClip& clip : clips) {
    hash.update(cat(clip.id, " ", clip.frames, " ", clip.content, "\n"));
  }
  return hash.hex();
}

Image<std::uint8_t> ClipFrames::read(Layer layer, int t) const {
  Image<std::uint8_t> image(clip_.height, clip_.width, spec(layer).channels);
  reader_->read(layer, {t, 1, 0, 0, clip_.height, clip_.width},
                std::as_writable_bytes(image.pixels()));
  return image;
}

Image<float> ClipFrames::read_flow(int t) const {
  if (!clip_.layers.has(Layer::kFlow)) return {};
  Image<float> flow(clip_.height, clip_.width, 2, Transfer::kLinear);
  std::vector<std::uint16_t> halves(flow.pixels().size());
  reader_->read(Layer::kFlow, {t, 1, 0, 0, clip_.height, clip_.width},
                std::as_writable_bytes(std::span(halves)));
  std::transform(halves.begin(), halves.end(), flow.pixels().begin(), half_to_float);
  return flow;
}

FrameData ClipFrames::read(int t) const {
  FrameData data;
  data.rainy = read(Layer::kLq, t);
  data.truth = read(Layer::kGt, t);
  if (clip_.layers.has(Layer::kMask)) data.mask = read(Layer::kMask, t);
  if (clip_.layers.has(Layer::kStreak)) data.streak = read(Layer::kStreak, t);
  return data;
}

}  // namespace pluvia
