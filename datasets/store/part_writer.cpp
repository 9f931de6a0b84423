// SPDX-License-Identifier: Apache-2.0
#include "datasets/store/part_writer.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/counted.h"
#include "core/error.h"
#include "core/file.h"
#include "core/json.h"

namespace pluvia {
namespace {

std::size_t tiles_along(int size, int tile) {
  return static_cast<std::size_t>((size + tile - 1) / tile);
}

// Frames held at once: enough to keep all cores busy while the oldest is being written.
std::size_t frames_in_flight(int threads) { return static_cast<std::size_t>(threads) * 2 + 1; }

int level_of(Storage storage) { return storage == Storage::kSmall ? 9 : 1; }

}  // namespace

PartWriter::PartWriter(std::filesystem::path part, SetInfo head, ClipInfo info, Storage storage,
                       int threads, Finished finished)
    : part_(std::move(part)),
      temporary_(part_.string() + ".part"),
      head_(std::move(head)),
      info_(std::move(info)),
      storage_(storage),
      tile_(choose_tile(info_.height, info_.width)),
      finished_(std::move(finished)),
      pipeline_(threads, frames_in_flight(threads)) {
  const h5::Lock lock(temporary_);
  file_ = h5::create_file(temporary_);
  const h5::Handle clips = h5::create_group(file_.get(), "clips");
  h5::create_group(clips.get(), info_.id);
  if (storage_ != Storage::kFast) create_datasets();
}

PartWriter::~PartWriter() {
  if (closed_) return;
  // Not finished: leave nothing behind. The pipeline still runs, so it must come to rest first.
  try {
    pipeline_.finish();
  } catch (...) {  // the error has been, or is being, reported to whoever pushed
  }
  const h5::Lock lock(temporary_);
  layers_.clear();
  file_.reset();
  ::unlink(temporary_.c_str());
}

void PartWriter::create_datasets() {
  const h5::Handle clips = h5::open_group(file_.get(), "clips");
  const h5::Handle group = h5::open_group(clips.get(), info_.id);
  for (const Layer layer : info_.layers.list()) {
    const LayerSpec& about = spec(layer);
    LayerStore& store = layers_[layer];
    if (storage_ == Storage::kFast) {
      store.dataset = create_contiguous(group.get(), about);
      continue;
    }
    if (storage_ == Storage::kSmall) {
      store.rule = residual_rule(layer, info_.layers, head_.formation);
    }
    const std::string name = store.rule == nullptr ? about.name : residual_name(layer);
    store.dataset = create_tiled(group.get(), name, about);
    if (store.rule != nullptr) {
      h5::write_text(store.dataset.get(), "predicted_by", store.rule->predicted_by);
    }
  }
}

h5::Handle PartWriter::create_tiled(hid_t group, const std::string& name,
                                    const LayerSpec& about) const {
  const std::array<hsize_t, 4> start = {0, static_cast<hsize_t>(info_.height),
                                        static_cast<hsize_t>(info_.width),
                                        static_cast<hsize_t>(about.channels)};
  std::array<hsize_t, 4> limit = start;
  limit[0] = H5S_UNLIMITED;
  const std::array<hsize_t, 4> chunk = {1, static_cast<hsize_t>(tile_.height),
                                        static_cast<hsize_t>(tile_.width), start[3]};
  const int rank = about.channels > 1 ? 4 : 3;
  const h5::Handle space =
      h5::own(H5Screate_simple(rank, start.data(), limit.data()), "making a layer");
  const h5::Handle create = h5::own(H5Pcreate(H5P_DATASET_CREATE), "making a layer");
  h5::check(H5Pset_chunk(create.get(), rank, chunk.data()), "setting tiles");
  h5::check(H5Pset_deflate(create.get(), static_cast<unsigned>(level_of(storage_))),
            "setting compression");
  h5::check(H5Pset_obj_track_times(create.get(), false), "turning time stamps off");
  return h5::own(H5Dcreate2(group, name.c_str(), h5::element_type(about.type), space.get(),
                            H5P_DEFAULT, create.get(), H5P_DEFAULT),
                 "creating layer " + name);
}

int PartWriter::rows_of(Layer layer) const {
  if (layer != Layer::kGt || gt_index_.empty()) return info_.frames;
  return *std::max_element(gt_index_.begin(), gt_index_.end()) + 1;
}

h5::Handle PartWriter::create_contiguous(hid_t group, const LayerSpec& about) const {
  PLUVIA_CHECK(info_.frames > 0, info_.id);
  const std::array<hsize_t, 4> size = {
      static_cast<hsize_t>(rows_of(about.layer)), static_cast<hsize_t>(info_.height),
      static_cast<hsize_t>(info_.width), static_cast<hsize_t>(about.channels)};
  const h5::Handle space =
      h5::own(H5Screate_simple(about.channels > 1 ? 4 : 3, size.data(), nullptr), "making a layer");
  const h5::Handle create = h5::own(H5Pcreate(H5P_DATASET_CREATE), "making a layer");
  h5::check(H5Pset_layout(create.get(), H5D_CONTIGUOUS), "setting the layout");
  h5::check(H5Pset_alloc_time(create.get(), H5D_ALLOC_TIME_EARLY), "setting the layout");
  h5::check(H5Pset_fill_time(create.get(), H5D_FILL_TIME_NEVER), "setting the layout");
  h5::check(H5Pset_obj_track_times(create.get(), false), "turning time stamps off");
  return h5::own(H5Dcreate2(group, about.name, h5::element_type(about.type), space.get(),
                            H5P_DEFAULT, create.get(), H5P_DEFAULT),
                 std::string("creating layer ") + about.name);
}

void PartWriter::add(FrameLayers frame) {
  if (layers_.empty()) {
    const h5::Lock lock(temporary_);
    create_datasets();
  }
  auto coded = std::make_shared<Coded>();
  coded->raw = std::move(frame);
  for (const LayerSpec& layer : all_layers()) {
    const std::size_t bytes = coded->raw.of(layer.layer).size();
    if (bytes == 0) continue;
    const std::size_t expected = static_cast<std::size_t>(info_.height) *
                                 static_cast<std::size_t>(info_.width) * layer.pixel_bytes();
    PLUVIA_CHECK(info_.layers.has(layer.layer) && bytes == expected, layer.name, " ", bytes, " ",
                 expected);
    ++layers_[layer.layer].pushed;
  }
  if (storage_ == Storage::kSmall) remember_gt(*coded);
  pipeline_.push([this, coded] { code(*coded); }, [this, coded] { write(*coded); });
}

/// Frames that share a ground truth follow one another.
void PartWriter::remember_gt(Coded& frame) {
  const std::vector<std::byte>& gt = frame.raw.of(Layer::kGt);
  if (!gt.empty()) last_gt_ = std::make_shared<const std::vector<std::byte>>(gt);
  frame.gt = last_gt_;
}

void PartWriter::code(Coded& frame) const {
  if (storage_ == Storage::kFast) return;
  LayerPixels all;
  for (const LayerSpec& layer : all_layers()) {
    all[static_cast<std::size_t>(layer.layer)] = frame.raw.of(layer.layer);
  }
  if (frame.gt != nullptr) all[static_cast<std::size_t>(Layer::kGt)] = *frame.gt;
  std::vector<std::byte> residual;
  for (const auto& [layer, store] : layers_) {
    std::span<const std::byte> pixels = frame.raw.of(layer);
    if (pixels.empty()) continue;
    if (store.rule != nullptr) {
      take_residual(*store.rule, all, pixels, residual);
      pixels = residual;
    }
    code_tiles(layer, pixels, frame.tiles[static_cast<std::size_t>(layer)]);
  }
}

void PartWriter::code_tiles(Layer layer, std::span<const std::byte> pixels, Tiles& tiles) const {
  const std::size_t rows = tiles_along(info_.height, tile_.height);
  const std::size_t columns = tiles_along(info_.width, tile_.width);
  const std::size_t pixel_bytes = spec(layer).pixel_bytes();
  tiles.resize(rows * columns);
  std::vector<std::byte> raw(static_cast<std::size_t>(tile_.height) *
                             static_cast<std::size_t>(tile_.width) * pixel_bytes);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    cut_tile(pixels, info_.height, info_.width, pixel_bytes, tile_, static_cast<int>(i / columns),
             static_cast<int>(i % columns), raw);
    deflate_tile(raw, level_of(storage_), tiles[i]);
  }
}

void PartWriter::write(const Coded& frame) {
  for (auto& [layer, store] : layers_) store.hash.update(frame.raw.of(layer));
  const h5::Lock lock(temporary_);
  for (auto& [layer, store] : layers_) {
    if (frame.raw.of(layer).empty()) continue;
    if (storage_ == Storage::kFast) {
      write_whole(layer, frame.raw.of(layer), store);
    } else {
      write_tiles(layer, frame.tiles[static_cast<std::size_t>(layer)], store);
    }
    ++store.written;
  }
}

void PartWriter::write_tiles(Layer layer, const Tiles& tiles, LayerStore& store) const {
  const std::array<hsize_t, 4> extent = {
      static_cast<hsize_t>(store.written + 1), static_cast<hsize_t>(info_.height),
      static_cast<hsize_t>(info_.width), static_cast<hsize_t>(spec(layer).channels)};
  h5::check(H5Dset_extent(store.dataset.get(), extent.data()), "growing a layer");
  const std::size_t columns = tiles_along(info_.width, tile_.width);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const std::array<hsize_t, 4> at = {static_cast<hsize_t>(store.written),
                                       i / columns * static_cast<hsize_t>(tile_.height),
                                       i % columns * static_cast<hsize_t>(tile_.width), 0};
    h5::check(H5Dwrite_chunk(store.dataset.get(), H5P_DEFAULT, 0, at.data(), tiles[i].size(),
                             tiles[i].data()),
              "writing " + temporary_);
  }
}

void PartWriter::write_whole(Layer layer, std::span<const std::byte> pixels,
                             LayerStore& store) const {
  if (store.written >= rows_of(layer)) fail("clip '", info_.id, "' has more frames than it said");
  const int rank = spec(layer).channels > 1 ? 4 : 3;
  const std::array<hsize_t, 4> start = {static_cast<hsize_t>(store.written), 0, 0, 0};
  const std::array<hsize_t, 4> size = {1, static_cast<hsize_t>(info_.height),
                                       static_cast<hsize_t>(info_.width),
                                       static_cast<hsize_t>(spec(layer).channels)};
  const h5::Handle file_space = h5::own(H5Dget_space(store.dataset.get()), "writing " + temporary_);
  h5::check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr,
                                size.data(), nullptr),
            "writing " + temporary_);
  const h5::Handle memory_space =
      h5::own(H5Screate_simple(rank, size.data(), nullptr), "writing " + temporary_);
  h5::check(H5Dwrite(store.dataset.get(), h5::element_type(spec(layer).type), memory_space.get(),
                     file_space.get(), H5P_DEFAULT, pixels.data()),
            "writing " + temporary_);
}

void PartWriter::set_frames(const FrameColumns& columns, std::vector<FrameRow> rows) {
  columns_ = columns;
  rows_ = std::move(rows);
}

void PartWriter::set_gt_index(std::vector<int> index) { gt_index_ = std::move(index); }

void PartWriter::set_note(const std::string& key, const std::string& value) {
  info_.notes[key] = value;
}

void PartWriter::check_counts() const {
  for (const auto& [layer, store] : layers_) {
    const int expected = rows_of(layer);
    if (store.written != expected) {
      fail("clip '", info_.id, "': layer ", spec(layer).name, " has ",
           counted(store.written, "frame"), ", expected ", expected);
    }
  }
  if (!rows_.empty() && rows_.size() != static_cast<std::size_t>(info_.frames)) {
    fail("clip '", info_.id, "': ", counted(rows_.size(), "row"), " of frame data for ",
         counted(info_.frames, "frame"));
  }
}

void PartWriter::close() {
  const h5::Lock lock(temporary_);
  IndexRow row;
  {
    const h5::Handle clips = h5::open_group(file_.get(), "clips");
    const h5::Handle group = h5::open_group(clips.get(), info_.id);
    h5::write_double(group.get(), "fps", info_.fps);
    h5::write_text(group.get(), "source", info_.source);
    h5::write_uint64(group.get(), "seed", info_.seed);
    h5::write_text(group.get(), "rain", info_.rain);
    h5::write_text(group.get(), "camera", info_.camera);
    if (!info_.split.empty()) h5::write_text(group.get(), "split", info_.split);
    if (!info_.notes.empty())
      h5::write_text(group.get(), "notes", canonical_text(Json(info_.notes)));
    write_frame_table(group.get(), columns_, rows_);
    write_gt_index(group.get(), gt_index_);
    for (auto& [layer, store] : layers_) {
      row.content_sha256[layer] = store.hash.hex();
      h5::write_text(store.dataset.get(), "sha256", row.content_sha256[layer]);
      store.dataset.reset();
    }
  }
  row.clip = info_;
  head_.rows = {row};
  write_set_info(file_.get(), head_);
  h5::close_file(std::move(file_), temporary_);
}

void PartWriter::finish() {
  pipeline_.finish();
  const Layer first = info_.layers.list().front();
  if (info_.frames == 0) info_.frames = layers_[first].written;
  if (info_.frames == 0) fail("clip '", info_.id, "' has no frames");
  check_counts();
  close();
  publish(temporary_, part_);
  closed_ = true;
  finished_(part_, head_.rows.front());
}

}  // namespace pluvia
