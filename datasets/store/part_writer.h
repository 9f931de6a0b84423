// SPDX-License-Identifier: Apache-2.0
// One clip on its way into its part file: frames are cut into tiles and compressed on all cores,
// hashed and written in order, a few frames in memory at a time. In one piece (`fast`) they are
// written as they are; the number of frames must be known then, and which share a ground truth be
// said before the first comes.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/hash.h"
#include "core/pipeline.h"
#include "datasets/store/hdf5.h"
#include "datasets/store/residual.h"
#include "datasets/store/set_info.h"
#include "datasets/store/storage.h"
#include "datasets/store/tiles.h"

namespace pluvia {

class PartWriter : public ClipWriter {
 public:
  /// Called when the part lies complete under its final name.
  using Finished = std::function<void(const std::filesystem::path& part, const IndexRow& row)>;

  /// `head` carries what the whole set says (kind, formation, ...), without rows.
  PartWriter(std::filesystem::path part, SetInfo head, ClipInfo info, Storage storage, int threads,
             Finished finished);
  ~PartWriter() override;

  void add(FrameLayers frame) override;
  void set_frames(const FrameColumns& columns, std::vector<FrameRow> rows) override;
  void set_gt_index(std::vector<int> index) override;
  void set_note(const std::string& key, const std::string& value) override;
  void finish() override;

 private:
  struct LayerStore {
    h5::Handle dataset;
    const ResidualRule* rule = nullptr;
    Sha256 hash;
    int pushed = 0;
    int written = 0;
  };
  using Tiles = std::vector<std::vector<std::byte>>;
  struct Coded {
    FrameLayers raw;
    std::shared_ptr<const std::vector<std::byte>> gt;  ///< of residuals, also where it is shared
    std::array<Tiles, kLayerCount> tiles;
  };

  void create_datasets();
  h5::Handle create_tiled(hid_t group, const std::string& name, const LayerSpec& about) const;
  h5::Handle create_contiguous(hid_t group, const LayerSpec& about) const;
  int rows_of(Layer layer) const;
  void remember_gt(Coded& frame);
  void code(Coded& frame) const;
  void code_tiles(Layer layer, std::span<const std::byte> pixels, Tiles& tiles) const;
  void write(const Coded& frame);
  void write_tiles(Layer layer, const Tiles& tiles, LayerStore& store) const;
  void write_whole(Layer layer, std::span<const std::byte> pixels, LayerStore& store) const;
  void check_counts() const;
  void close();

  std::filesystem::path part_;
  std::string temporary_;
  SetInfo head_;
  ClipInfo info_;
  Storage storage_;
  TileShape tile_;
  Finished finished_;
  h5::Handle file_;
  std::map<Layer, LayerStore> layers_;
  FrameColumns columns_;
  std::vector<FrameRow> rows_;
  std::vector<int> gt_index_;
  std::shared_ptr<const std::vector<std::byte>> last_gt_;
  bool closed_ = false;
  OrderedPipeline pipeline_;  // last: its threads end before what they use goes
};

}  // namespace pluvia
