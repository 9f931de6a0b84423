// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/stored_clip.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/interrupt.h"
#include "core/json.h"

namespace pluvia {

StoredClip::StoredClip(std::shared_ptr<const SetReader> set, h5::Handle group, ClipInfo info,
                       const Fd& fd)
    : set_(std::move(set)),
      file_name_(set_->path().string()),
      group_(std::move(group)),
      info_(std::move(info)) {
  read_attributes();
  open_layers(fd);
}

std::string StoredClip::place() const { return file_name_ + ": clips/" + info_.id; }

void StoredClip::read_attributes() {
  info_.rain = h5::read_text(group_.get(), "rain").value_or("{}");
  info_.camera = h5::read_text(group_.get(), "camera").value_or("{}");
  const auto notes = h5::read_text(group_.get(), "notes");
  if (!notes) return;
  const Json parsed = parse_json(*notes, "attribute notes");
  for (const auto& [key, value] : parsed.items()) {
    if (value.is_string()) info_.notes[key] = value.get<std::string>();
  }
}

void StoredClip::open_layers(const Fd& fd) {
  const auto stands = [&](const std::string& name) {
    return h5::link_kind(group_.get(), name) != h5::LinkKind::kAbsent;
  };
  const bool shared_gt = stands("gt_index");
  for (const Layer layer : info_.layers.list()) {
    const bool residual = !stands(spec(layer).name) && stands(residual_name(layer));
    const std::string name = residual ? residual_name(layer) : spec(layer).name;
    within(name, [&] {
      const bool shared = layer == Layer::kGt && shared_gt;
      OpenLayer& open = layers_[layer];
      open.reader = std::make_unique<LayerReader>(group_.get(), layer, name, info_,
                                                  shared ? 0 : info_.frames, fd, file_name_);
      if (shared) gt_index_ = read_gt_index(group_.get(), open.reader->frames());
      if (!residual) return;
      open.rule = &residual_rule_named(layer, open.reader->predicted_by());
      for (const Layer from : open.rule->from) {
        if (!info_.layers.has(from)) fail("is predicted by ", spec(from).name, ", which is absent");
      }
    });
  }
  if (!gt_index_.empty() && gt_index_.size() != static_cast<std::size_t>(info_.frames)) {
    fail("gt_index has ", gt_index_.size(), " entries, expected ", info_.frames);
  }
}

void StoredClip::read_stored(Layer layer, const Window& window, std::span<std::byte> out) const {
  const LayerReader& reader = *layers_.at(layer).reader;
  if (layer != Layer::kGt || gt_index_.empty())
    return reader.read(window.first, window.frames, window, out);
  const std::size_t bytes =
      window.frames > 0 ? out.size() / static_cast<std::size_t>(window.frames) : 0;
  for (int i = 0; i < window.frames; ++i) {
    reader.read(gt_index_[static_cast<std::size_t>(window.first + i)], 1, window,
                out.subspan(bytes * static_cast<std::size_t>(i), bytes));
  }
}

void StoredClip::read(Layer layer, const Window& window, std::span<std::byte> out) const {
  if (!window.inside(info_)) {
    fail(place(), ": window (frames ", window.first, "+", window.frames, ", y ", window.y, "+",
         window.height, ", x ", window.x, "+", window.width, ") lies outside ", info_.frames,
         " frames of ", info_.width, "x", info_.height);
  }
  const auto found = layers_.find(layer);
  if (found == layers_.end())
    fail(place(), " has no layer ", spec(layer).name, "; it has ", info_.layers.names());
  within(place() + "/" + spec(layer).name, [&] { read_stored(layer, window, out); });
  const ResidualRule* const rule = found->second.rule;
  if (rule == nullptr) return;
  std::array<std::vector<std::byte>, kLayerCount> pixels;
  LayerPixels from;
  for (const Layer one : rule->from) {
    const auto i = static_cast<std::size_t>(one);
    pixels[i].resize(window.pixels() * spec(one).pixel_bytes());
    read(one, window, pixels[i]);
    from[i] = pixels[i];
  }
  undo_residual(*rule, from, out);
}

std::vector<FrameRow> StoredClip::frame_rows(FrameColumns* columns) const {
  const h5::Lock lock(file_name_);
  return within(place() + "/frames", [&] { return read_frame_table(group_.get(), columns); });
}

StoredClip::LayerCheck StoredClip::check_layer(Layer layer, const Report& report) const {
  const LayerReader& reader = *layers_.at(layer).reader;
  const bool residual = layers_.at(layer).rule != nullptr;
  const auto report_tile = [&](int frame, int row, int column, const std::string& problem) {
    report(cat("frame ", frame, " tile (", row, ",", column, ")"), problem);
  };
  LayerCheck check;
  check.stored_sha256 = reader.stored_sha256();
  const Window frame = {0, 1, 0, 0, info_.height, info_.width};
  std::vector<std::byte> pixels(frame.pixels() * spec(layer).pixel_bytes());
  Sha256 hash;
  for (int t = 0; t < reader.frames() && check.whole; ++t) {
    throw_if_interrupted();
    try {
      if (residual) {
        read(layer, {t, 1, 0, 0, info_.height, info_.width}, pixels);
      } else {
        reader.read(t, 1, frame, pixels);
      }
      hash.update(pixels);
      check.bytes += pixels.size();
    } catch (const Error& error) {
      check.whole = false;
      std::size_t reported = 0;
      reader.check_chunks([&](int at, int row, int column, const std::string& problem) {
        ++reported;
        report_tile(at, row, column, problem);
      });
      if (reported == 0) report(cat("frame ", t), error.what());
    }
  }
  check.chunks = reader.chunk_count();
  if (check.whole) {
    check.sha256 = hash.hex();
    reader.check_index(report_tile);
  }
  return check;
}

std::vector<std::string> StoredClip::unlisted_layers() const {
  const h5::Lock lock(file_name_);
  std::vector<std::string> names;
  for (const LayerSpec& layer : all_layers()) {
    if (!info_.layers.has(layer.layer) &&
        h5::link_kind(group_.get(), layer.name) != h5::LinkKind::kAbsent) {
      names.emplace_back(layer.name);
    }
  }
  return names;
}

std::vector<std::string> StoredClip::differing_attributes(const ClipInfo& indexed) const {
  const h5::Lock lock(file_name_);
  std::vector<std::string> out;
  const auto require = [&](const char* name, bool there) {
    if (!there) out.push_back(cat("attribute ", name, " is missing"));
  };
  const auto compare = [&](const char* name, const auto& here, const auto& there) {
    require(name, here.has_value());
    if (here && *here != there)
      out.push_back(cat("attribute ", name, " is ", *here, ", index/clips says ", there));
  };
  compare("fps", h5::read_double(group_.get(), "fps"), indexed.fps);
  compare("source", h5::read_text(group_.get(), "source"), indexed.source);
  compare("seed", h5::read_uint64(group_.get(), "seed"), indexed.seed);
  const auto split = h5::read_text(group_.get(), "split");
  if (split || !indexed.split.empty()) compare("split", split, indexed.split);
  require("rain", h5::read_text(group_.get(), "rain").has_value());
  require("camera", h5::read_text(group_.get(), "camera").has_value());
  return out;
}

}  // namespace pluvia
