// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/repack.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "datasets/store/set_reader.h"
#include "datasets/store/set_writer.h"

namespace pluvia {
namespace {

namespace fs = std::filesystem;

/// Where clips come from and how they are to be stored.
std::string settings_of(const SetInfo& info, Storage storage) {
  std::string text = cat("repack ", name_of(storage), " ", info.title, "\n");
  for (const IndexRow& row : info.rows) {
    text += cat(row.clip.id, " ", clip_sha256(row.content_sha256), "\n");
  }
  return text;
}

SetOptions options_of(const SetInfo& info, const RepackOptions& options) {
  SetOptions out;
  out.kind = info.kind;
  out.formation = info.formation;
  out.title = info.title;
  out.recipe = info.recipe;
  Json provenance = parse_json(info.provenance, "provenance");
  provenance["storage"] = name_of(options.storage);
  out.provenance = canonical_text(provenance);
  out.generator = info.generator;
  out.settings = settings_of(info, options.storage);
  out.storage = options.storage;
  out.resume = options.resume;
  out.force = options.force;
  out.threads = options.threads;
  return out;
}

/// Which of a clip's frames bring a ground truth of their own.
std::vector<bool> brings_gt(const std::vector<int>& gt_index, int frames) {
  std::vector<bool> out(static_cast<std::size_t>(frames), true);
  std::set<int> seen;
  for (std::size_t t = 0; t < gt_index.size(); ++t) out[t] = seen.insert(gt_index[t]).second;
  return out;
}

/// Uncompressed; a ground truth that pictures share counts once.
std::uint64_t raw_bytes(const ClipReader& clip) {
  const ClipInfo& info = clip.info();
  const std::vector<bool> with_gt = brings_gt(clip.gt_index(), info.frames);
  std::uint64_t bytes = 0;
  for (const Layer layer : info.layers.list()) {
    const auto frames = layer == Layer::kGt ? std::count(with_gt.begin(), with_gt.end(), true)
                                            : static_cast<std::ptrdiff_t>(info.frames);
    bytes += spec(layer).pixel_bytes() * static_cast<std::uint64_t>(frames);
  }
  return bytes * static_cast<std::uint64_t>(info.height) * static_cast<std::uint64_t>(info.width);
}

FrameLayers read_frame(const ClipReader& clip, int t, bool with_gt) {
  const ClipInfo& info = clip.info();
  const Window window{t, 1, 0, 0, info.height, info.width};
  const std::vector<Layer> layers = info.layers.list();
  FrameLayers frame;
  parallel_for(
      static_cast<std::int64_t>(layers.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
          if (layers[i] == Layer::kGt && !with_gt) continue;
          std::vector<std::byte>& pixels = frame.of(layers[i]);
          pixels.resize(window.pixels() * spec(layers[i]).pixel_bytes());
          clip.read(layers[i], window, pixels);
        }
      });
  return frame;
}

void copy_clip(const ClipReader& clip, ClipWriter& writer, Progress& progress) {
  const ClipInfo& info = clip.info();
  const std::vector<int> gt_index = clip.gt_index();
  if (!gt_index.empty()) writer.set_gt_index(gt_index);
  const std::vector<bool> with_gt = brings_gt(gt_index, info.frames);
  for (int t = 0; t < info.frames; ++t) {
    throw_if_interrupted();
    writer.add(read_frame(clip, t, with_gt[static_cast<std::size_t>(t)]));
    progress.add(1, info.id);
  }
  FrameColumns columns;
  std::vector<FrameRow> rows = clip.frame_rows(&columns);
  writer.set_frames(columns, std::move(rows));
  writer.finish();
}

/// Links lead to other files: each counts once.
std::uint64_t stored_bytes(const SetReader& set) {
  std::set<fs::path> files = {set.path()};
  for (const IndexRow& row : set.info().rows) files.insert(set.file_of(row.clip.id));
  std::uint64_t bytes = 0;
  for (const fs::path& file : files) bytes += fs::file_size(file);
  return bytes;
}

}  // namespace

RepackResult repack_set(const fs::path& in, const fs::path& out, const RepackOptions& options) {
  const std::shared_ptr<SetReader> set = SetReader::open(in);
  std::error_code ignored;
  if (fs::equivalent(in, out, ignored)) fail_usage("--out ", out.string(), " is the input");
  RepackResult result;
  std::uint64_t frames = 0;
  for (const IndexRow& row : set->info().rows) {
    frames += static_cast<std::uint64_t>(row.clip.frames);
    result.raw_bytes += raw_bytes(*set->clip(row.clip.id));
  }
  result.clips = set->info().rows.size();
  result.bytes_before = stored_bytes(*set);
  SetWriter writer(out, options_of(set->info(), options));
  if (!writer.complete()) {
    writer.require_space(result.raw_bytes);
    Progress progress("repacking", frames, "frames");
    for (const IndexRow& row : set->info().rows) {
      if (writer.has_clip(row.clip.id)) {
        progress.skip(static_cast<std::uint64_t>(row.clip.frames));
      } else {
        const std::unique_ptr<ClipReader> clip = set->clip(row.clip.id);
        copy_clip(*clip, *writer.begin(clip->info()), progress);
      }
      if (writer.content_sha256(row.clip.id) == clip_sha256(row.content_sha256)) continue;
      fail(in.string(), ": clips/", row.clip.id,
           ": its content is not what the index says; `pluvia verify` names what differs");
    }
    progress.finish();
    writer.commit();
  }
  result.bytes = fs::file_size(out);
  return result;
}

}  // namespace pluvia
