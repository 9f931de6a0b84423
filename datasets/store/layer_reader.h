// SPDX-License-Identifier: Apache-2.0
// One layer of one clip. Frames stored the usual way (chunks of one frame, gzip or nothing, or one
// contiguous block) are read straight from the file at the addresses HDF5 gives, and decoded by
// libdeflate outside HDF5's lock; anything else HDF5 can decode goes through H5Dread under it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/clip.h"
#include "core/file.h"
#include "datasets/store/hdf5.h"

namespace pluvia {

class LayerReader {
 public:
  /// Under the caller's h5::Lock. `file` and `path` must outlive the reader. Checks type and sizes
  /// against `info` with `frames` rows, and that the file can hold what is declared. `name` is the
  /// data set's: the layer's own, or its residual's.
  LayerReader(hid_t clip_group, Layer layer, const std::string& name, const ClipInfo& info,
              int frames, const Fd& file, const std::string& path);
  ~LayerReader() = default;

  int frames() const { return frames_; }

  /// Rows [first, first+count) of the data set, the window's rectangle. Thread-safe.
  void read(int first, int count, const Window& window, std::span<std::byte> out) const;

  using ReportChunk = std::function<void(int frame, int row, int column, const std::string&)>;
  /// Every chunk by itself: `report(frame, row, column, problem)` for each that is missing or
  /// damaged. Only for directly readable chunks; gives false otherwise.
  bool check_chunks(const ReportChunk& report) const;
  /// Every chunk once more by the search that HDF5's own readers do, which goes by other keys of
  /// the chunk index than ours: where these are damaged, h5py would read zeros.
  void check_index(const ReportChunk& report) const;

  std::uint64_t chunk_count() const;
  std::string stored_sha256() const { return sha256_; }
  /// Of a residual: its rule's name.
  std::string predicted_by() const { return predicted_by_; }

 private:
  enum class Path { kTiles, kContiguous, kLibrary };
  struct Address {
    std::uint64_t offset = 0;
    std::uint32_t bytes = 0;
    bool raw = false;  ///< this chunk was stored without its filter
  };

  void choose_path(hid_t create_list);
  int tile_rows() const { return (height_ + tile_height_ - 1) / tile_height_; }
  int tile_columns() const { return (width_ + tile_width_ - 1) / tile_width_; }
  template <typename Body>
  void each_tile(Body&& body) const;
  Address chunk_address(int frame, int row, int column) const;
  void read_tiles(int frame, const Window& window, std::byte* out) const;
  void load_tile(const Address& at, std::span<std::byte> tile) const;
  void read_contiguous(int frame, const Window& window, std::byte* out) const;
  void read_library(int first, int count, const Window& window, std::span<std::byte> out) const;
  std::size_t tile_bytes() const {
    return static_cast<std::size_t>(tile_height_) * static_cast<std::size_t>(tile_width_) *
           spec_.pixel_bytes();
  }

  const Fd& file_;
  const std::string& path_name_;
  std::uint64_t file_bytes_;
  LayerSpec spec_;
  int frames_;
  int height_;
  int width_;
  h5::Handle dataset_;
  h5::Handle memory_type_;
  Path path_ = Path::kLibrary;
  bool deflated_ = false;
  int tile_height_ = 0;
  int tile_width_ = 0;
  std::uint64_t contiguous_offset_ = 0;
  std::string sha256_;
  std::string predicted_by_;
  /// By frame, then chunk; filled as they are asked for, under the lock.
  mutable std::vector<std::unique_ptr<Address[]>> addresses_;
};

}  // namespace pluvia
