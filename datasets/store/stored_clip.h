// SPDX-License-Identifier: Apache-2.0
// A clip of an open set: the ClipReader behind SetReader::clip, with what `verify` asks beyond
// pixels.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/file.h"
#include "datasets/store/hdf5.h"
#include "datasets/store/layer_reader.h"
#include "datasets/store/residual.h"
#include "datasets/store/set_reader.h"

namespace pluvia {

class StoredClip : public ClipReader {
 public:
  /// Under the caller's h5::Lock. Every layer of `info` is opened and its size and type checked.
  StoredClip(std::shared_ptr<const SetReader> set, h5::Handle group, ClipInfo info, const Fd& fd);

  const ClipInfo& info() const override { return info_; }
  void read(Layer layer, const Window& window, std::span<std::byte> out) const override;
  std::vector<FrameRow> frame_rows(FrameColumns* columns) const override;
  std::vector<int> gt_index() const override { return gt_index_; }

  struct LayerCheck {
    bool whole = true;
    std::uint64_t bytes = 0;
    std::uint64_t chunks = 0;
    std::string sha256;         ///< of the decoded bytes, when whole
    std::string stored_sha256;  ///< what the data set's attribute says, or empty
  };
  using Report = std::function<void(const std::string& chunk, const std::string& problem)>;
  /// Decodes the whole layer; every damaged or missing chunk is reported.
  LayerCheck check_layer(Layer layer, const Report& report) const;

  /// Layers that stand in the group though the index does not list them.
  std::vector<std::string> unlisted_layers() const;
  /// Where the group's attributes are missing or say something else than the index: one sentence
  /// each.
  std::vector<std::string> differing_attributes(const ClipInfo& indexed) const;

 private:
  std::string place() const;
  void read_attributes();
  void open_layers(const Fd& fd);
  /// As stored: of a residual the residual.
  void read_stored(Layer layer, const Window& window, std::span<std::byte> out) const;

  std::shared_ptr<const SetReader> set_;  // keeps the file open
  std::string file_name_;
  h5::Handle group_;
  ClipInfo info_;
  struct OpenLayer {
    std::unique_ptr<LayerReader> reader;
    const ResidualRule* rule = nullptr;  ///< null: stored as it is
  };
  std::map<Layer, OpenLayer> layers_;
  std::vector<int> gt_index_;
};

}  // namespace pluvia
